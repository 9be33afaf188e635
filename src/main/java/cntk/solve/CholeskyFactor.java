package cntk.solve;

/**
 * The factor L of K + ridge I = L L^T, n x n in native memory. Whoever factorises closes it; the kernel matrix itself is
 * gone.
 */
public final class CholeskyFactor implements AutoCloseable {
    private final Lapack lapack;
    private final LoadedKernel lower;
    private final double oneNorm;
    private final double ridge;

    CholeskyFactor(Lapack lapack, LoadedKernel lower, double oneNorm, double ridge) {
        this.lapack = lapack;
        this.lower = lower;
        this.oneNorm = oneNorm;
        this.ridge = ridge;
    }

    /** Rows and columns of the kernel matrix. */
    public int size() {
        return lower.matrix().rows();
    }

    public double ridge() {
        return ridge;
    }

    /** Replaces Y (n x any number of columns) by (K + ridge I)^-1 Y. */
    public void solveInPlace(NativeMatrix rightSides) {
        if (rightSides.rows() != size()) {
            throw new IllegalArgumentException(
                    "right sides have " + rightSides.rows() + " rows, the kernel matrix has " + size());
        }
        lapack.solve(lower.matrix(), rightSides);
    }

    /** Estimate of |M|_1 |M^-1|_1 for M = K + ridge I: at most the true value, seldom below a third of it (dpocon). */
    public double conditionNumber() {
        return 1 / lapack.reciprocalCondition(lower.matrix(), oneNorm);
    }

    /** The smallest L_ii^2: what the other rows leave of the least independent one; an upper bound on the least eigenvalue. */
    public double smallestPivot() {
        double smallest = Double.POSITIVE_INFINITY;
        for (int i = 0; i < size(); i++) {
            double root = lower.matrix().get(i, i);
            smallest = Math.min(smallest, root * root);
        }
        return smallest;
    }

    /** ln det(K + ridge I). */
    public double logDeterminant() {
        double sum = 0;
        for (int i = 0; i < size(); i++) {
            sum += Math.log(lower.matrix().get(i, i));
        }
        return 2 * sum;
    }

    @Override
    public void close() {
        lower.close();
    }
}

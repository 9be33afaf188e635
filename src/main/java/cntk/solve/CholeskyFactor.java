package cntk.solve;

/**
 * The factor L of K + ridge I = L L^T in native memory, in place of the kernel matrix, which is gone. Whoever factorises
 * closes it.
 */
public final class CholeskyFactor implements AutoCloseable {
    private final LoadedSystem lower;
    private final double oneNorm;
    private final double ridge;

    CholeskyFactor(LoadedSystem lower, double oneNorm, double ridge) {
        this.lower = lower;
        this.oneNorm = oneNorm;
        this.ridge = ridge;
    }

    /** Rows and columns of the kernel matrix. */
    public int size() {
        return lower.matrix().size();
    }

    public double ridge() {
        return ridge;
    }

    /** SHA-256 of the kernel matrix, without the ridge, in hexadecimal digits. */
    String kernelSha256() {
        return lower.sha256();
    }

    /** Replaces Y (n x any number of columns) by (K + ridge I)^-1 Y. */
    public void solveInPlace(NativeMatrix rightSides) {
        if (rightSides.rows() != size()) {
            throw new IllegalArgumentException(
                    "right sides have " + rightSides.rows() + " rows, the kernel matrix has " + size());
        }
        lower.matrix().solve(rightSides);
    }

    /** Estimate of |M|_1 |M^-1|_1 for M = K + ridge I: at most the true value, seldom below a third of it (dpocon, dlacn2). */
    public double conditionNumber() {
        return 1 / lower.matrix().reciprocalCondition(oneNorm);
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

package cntk.solve;

/**
 * The eigendecomposition of a kernel matrix, K = V diag(e) V^T (maths.md, eq. 40): the one factorisation that regression for
 * every ridge, training for every time and the Gaussian process are read from. Holds V, n x n, in native memory; whoever
 * makes it closes it.
 */
public final class Spectrum implements AutoCloseable {
    private static final double EPSILON = Math.ulp(1.0);

    private final Lapack lapack;
    private final double[] values;
    private final NativeMatrix vectors;

    Spectrum(Lapack lapack, double[] values, NativeMatrix vectors) {
        this.lapack = lapack;
        this.values = values;
        this.vectors = vectors;
    }

    /**
     * Decomposes a kernel on the CPU ({@link Eigensolver} knows GPUs): about 9 n^3 operations; up to n = 32766 with three n x n matrices of memory (dsyevd), beyond with
     * two (dsyevr).
     *
     * @throws NonFiniteKernelException when K has NaN or infinite entries
     * @throws MemoryShortageException when the matrices do not fit
     */
    public static Spectrum of(OpenBlas library, KernelSource kernel) {
        return new Eigensolver(library).decompose(kernel).spectrum();
    }

    /** @param matrix taken over where {@code divide}, closed where not */
    static Spectrum decompose(Lapack lapack, NativeMatrix matrix, boolean divide) {
        if (divide) {
            return new Spectrum(lapack, lapack.eigen(matrix), matrix);
        }
        NativeMatrix vectors = NativeMatrix.zeros(matrix.rows(), matrix.rows());
        try {
            double[] values = lapack.largestEigen(matrix, matrix.rows(), vectors);
            matrix.close();
            return new Spectrum(lapack, values, vectors);
        } catch (RuntimeException | Error failure) {
            vectors.close();
            throw failure;
        }
    }

    /** Rows and columns of the kernel. */
    public int size() {
        return values.length;
    }

    /** Eigenvalue {@code mode}, counted from the smallest. */
    public double value(int mode) {
        return values[mode];
    }

    /** The eigenvalues, ascending. */
    public double[] values() {
        return values.clone();
    }

    public double smallest() {
        return values[0];
    }

    public double largest() {
        return values[values.length - 1];
    }

    /** Mean of the diagonal of K. */
    public double meanDiagonal() {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum / values.length;
    }

    /**
     * n eps times the largest eigenvalue: what rounding in double precision moves eigenvalues by at most (Weyl 1912 and the
     * backward error of the routine). Eigenvalues below it are not known, not even by their sign.
     */
    public double roundingFloor() {
        return values.length * EPSILON * Math.max(Math.abs(largest()), Math.abs(smallest()));
    }

    /** Eigenvalues at or below {@code limit}. */
    public int countUpTo(double limit) {
        int count = 0;
        while (count < values.length && values[count] <= limit) {
            count++;
        }
        return count;
    }

    /** Whether every eigenvalue of K + ridge I is above the rounding floor. */
    public boolean positiveDefinite(double ridge) {
        return smallest() + ridge > roundingFloor();
    }

    /** Largest eigenvalue of K + ridge I over the smallest; infinite where that is not positive. */
    public double condition(double ridge) {
        return smallest() + ridge > 0 ? (largest() + ridge) / (smallest() + ridge) : Double.POSITIVE_INFINITY;
    }

    /** trace(K (K + ridge I)^-1), the degrees of freedom that a ridge leaves; eq. 45. Modes below 0 count as 0. */
    public double effectiveDimension(double ridge) {
        double sum = 0;
        for (double value : values) {
            sum += value > 0 ? value / (value + ridge) : 0;
        }
        return sum;
    }

    /** V^T X, for X of n rows; the caller closes it. */
    public NativeMatrix project(NativeMatrix x) {
        NativeMatrix modes = NativeMatrix.zeros(size(), x.cols());
        lapack.product(1, vectors, true, x, false, 0, modes);
        return modes;
    }

    /** V X, for X of n rows; the caller closes it. */
    public NativeMatrix expand(NativeMatrix modes) {
        NativeMatrix x = NativeMatrix.zeros(size(), modes.cols());
        lapack.product(1, vectors, false, modes, false, 0, x);
        return x;
    }

    /** Copies eigenvector {@code mode} into {@code out}. */
    public void vector(int mode, double[] out) {
        vectors.getColumn(mode, 0, out, 0, size());
    }

    NativeMatrix vectors() {
        return vectors;
    }

    Lapack lapack() {
        return lapack;
    }

    @Override
    public void close() {
        vectors.close();
    }
}

package cntk.solve;

/** A symmetric matrix in memory, its lower triangle, on which a Cholesky factorisation works in place. */
interface CholeskyStorage extends AutoCloseable {
    /** Rows and columns. */
    int size();

    /** Entry (row, col) with row >= col; of the factor L after {@link #factorise}. */
    double get(int row, int col);

    /** As {@link LowerTriangleSink#put}. */
    void put(int col, int row, double[] values, int from, int count);

    void addToDiagonal(double value);

    /** Sum of the diagonal. */
    double trace();

    /** Largest column sum of magnitudes of the whole matrix. */
    double oneNorm();

    /**
     * A = L L^T, in place.
     *
     * @return 0, or the order of the first leading minor that is not positive definite
     */
    int factorise(SolveListener listener);

    /** Replaces B by A^-1 B; after {@link #factorise}. */
    void solve(NativeMatrix rightSides);

    /**
     * Estimates 1 / (|A|_1 |A^-1|_1) (Higham's estimator: a lower bound on |A^-1|_1, almost always within a factor 3); after
     * {@link #factorise}.
     *
     * @param oneNorm |A|_1
     */
    double reciprocalCondition(double oneNorm);

    @Override
    void close();
}

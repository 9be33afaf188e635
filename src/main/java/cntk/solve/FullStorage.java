package cntk.solve;

/** The lower triangle in a square array of n x n doubles: dpotrf and its kin. */
final class FullStorage implements CholeskyStorage {
    private final Lapack lapack;
    private final NativeMatrix matrix;

    /** @throws MemoryShortageException when the matrix does not fit */
    FullStorage(Lapack lapack, int size) {
        this.lapack = lapack;
        this.matrix = NativeMatrix.zeros(size, size);
    }

    NativeMatrix matrix() {
        return matrix;
    }

    @Override
    public int size() {
        return matrix.rows();
    }

    @Override
    public double get(int row, int col) {
        return matrix.get(row, col);
    }

    @Override
    public void put(int col, int row, double[] values, int from, int count) {
        matrix.putColumn(col, row, values, from, count);
    }

    @Override
    public void addToDiagonal(double value) {
        matrix.addToDiagonal(value);
    }

    @Override
    public double trace() {
        return matrix.trace();
    }

    @Override
    public double oneNorm() {
        return lapack.oneNorm(matrix);
    }

    @Override
    public int factorise(SolveListener listener) {
        return lapack.factorise(matrix);
    }

    @Override
    public void solve(NativeMatrix rightSides) {
        lapack.solve(matrix, rightSides);
    }

    @Override
    public double reciprocalCondition(double oneNorm) {
        return lapack.reciprocalCondition(matrix, oneNorm);
    }

    @Override
    public void close() {
        matrix.close();
    }
}

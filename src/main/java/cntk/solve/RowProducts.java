package cntk.solve;

/** Products with a stored kernel matrix that others compute, a block of rows each; see {@link RowBlockProduct}. */
@FunctionalInterface
public interface RowProducts {
    /** Takes the rows of one block of K V, column by column; calls come one at a time. */
    @FunctionalInterface
    interface Sink {
        void take(int block, double[] rows);
    }

    /**
     * Hands over every block of K V, in any order.
     *
     * @param v n x columns, column by column
     */
    void multiply(double[] v, int columns, Sink sink);
}

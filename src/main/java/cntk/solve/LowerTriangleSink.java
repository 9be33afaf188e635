package cntk.solve;

/**
 * Takes the lower triangle of a symmetric matrix in runs down its columns. A kernel matrix is stored as rows of its upper
 * triangle, and row i of the upper is column i of the lower: every run is one contiguous copy.
 */
@FunctionalInterface
public interface LowerTriangleSink {
    /**
     * Writes the entries (row, col), (row+1, col), ... from {@code values[from .. from+count)}; row >= col. Safe for threads
     * that write different entries.
     */
    void put(int col, int row, double[] values, int from, int count);
}

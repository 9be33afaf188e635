package cntk.solve;

import cntk.plan.Tile;
import cntk.plan.TilePlan;

/**
 * A kernel matrix C of m test images (rows) with n training images (columns), read in tiles and never in memory as a whole.
 *
 * @param plan of a matrix that is not symmetric
 */
public record CrossKernel(TilePlan plan, TileReader reader) {
    /** Rows that are in memory at a time, about. */
    private static final int BLOCK_ROWS = 512;

    /** Receives rows of C. */
    @FunctionalInterface
    public interface RowBlocks {
        /**
         * Takes the rows from {@code begin} on.
         *
         * @param rowsAsColumns n x rows: every row of C is a column; to be used before returning only
         */
        void rows(int begin, NativeMatrix rowsAsColumns);
    }

    public CrossKernel {
        if (plan.symmetric()) {
            throw new IllegalArgumentException("a cross kernel is not symmetric: " + plan);
        }
    }

    /** Test images. */
    public int rows() {
        return plan.rows();
    }

    /** Training images. */
    public int cols() {
        return plan.cols();
    }

    /**
     * Streams C once, in order.
     *
     * @throws NonFiniteKernelException when an entry is NaN or infinite
     */
    public void forEachRowBlock(RowBlocks sink) {
        int blocksAtOnce = Math.max(1, BLOCK_ROWS / plan.side());
        double[] values = new double[Math.multiplyExact(plan.side(), plan.side())];
        for (int first = 0; first < plan.rowBlocks(); first += blocksAtOnce) {
            int last = Math.min(plan.rowBlocks(), first + blocksAtOnce) - 1;
            int begin = plan.tile(first, 0).rowBegin();
            int end = plan.tile(last, 0).rowEnd();
            try (NativeMatrix block = NativeMatrix.zeros(cols(), end - begin)) {
                for (int row = first; row <= last; row++) {
                    for (int col = 0; col < plan.colBlocks(); col++) {
                        put(plan.tile(row, col), values, begin, block);
                    }
                }
                sink.rows(begin, block);
            }
        }
    }

    private void put(Tile tile, double[] values, int begin, NativeMatrix block) {
        reader.read(tile, values);
        Finite.require("test kernel", tile, values);
        for (int row = 0; row < tile.rows(); row++) {
            block.putColumn(tile.rowBegin() + row - begin, tile.colBegin(), values, row * tile.cols(), tile.cols());
        }
    }
}

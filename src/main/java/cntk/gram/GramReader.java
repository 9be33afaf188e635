package cntk.gram;

import cntk.plan.Precision;
import cntk.plan.Tile;
import cntk.plan.TilePlan;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Whole matrices out of a store of tiles; of a symmetric one both halves, although only one is stored. Every number comes out
 * with the bits that went in. All methods need every tile to be there and throw {@link StoreException} if one is not.
 */
public final class GramReader {
    /** Receives one tile. */
    @FunctionalInterface
    public interface TileVisitor {
        /**
         * Takes one tile.
         *
         * @param values row-major, the first {@code tile.entries()} count; to be used before returning only
         */
        void tile(Tile tile, double[] values);
    }

    /** Receives whole rows of the matrix, in order. */
    @FunctionalInterface
    public interface RowSink {
        /**
         * Takes the rows {@code rowBegin..rowEnd}.
         *
         * @param values {@code (rowEnd - rowBegin) x cols}, row-major, from place 0; to be used before returning only
         */
        void rows(int rowBegin, int rowEnd, double[] values);
    }

    private final GramStore store;
    private final TilePlan plan;

    public GramReader(GramStore store) {
        this.store = store;
        this.plan = store.plan();
    }

    /** Every stored tile once, by row and column; off-diagonal tiles of a symmetric matrix stand for their mirror image too. */
    public void forEachTile(TileVisitor visitor) {
        double[] values = new double[Math.multiplyExact(plan.side(), plan.side())];
        for (int row = 0; row < plan.rowBlocks(); row++) {
            for (int col = plan.symmetric() ? row : 0; col < plan.colBlocks(); col++) {
                Tile tile = plan.tile(row, col);
                store.read(tile, values);
                visitor.tile(tile, values);
            }
        }
    }

    /**
     * Fills a matrix in memory, reading every tile once: K[r, c] goes to element {@code r * rowStride + c}. (Of a symmetric
     * matrix this is the same in row-major and column-major order.)
     *
     * @param matrix native memory or a mapped file, aligned to its elements
     * @param rowStride in elements, at least the number of columns
     * @param element type of the elements, native byte order; F64 takes any store, F32 one of floats
     */
    public void fill(MemorySegment matrix, long rowStride, Precision element) {
        if (element == Precision.F32 && store.spec().precision() == Precision.F64) {
            throw new IllegalArgumentException("a double matrix does not fit into floats");
        }
        long elements = Math.addExact(Math.multiplyExact(plan.rows() - 1L, rowStride), plan.cols());
        if (rowStride < plan.cols() || matrix.byteSize() / element.bytes() < elements) {
            throw new IllegalArgumentException("a matrix of " + plan.rows() + " x " + plan.cols()
                    + " does not fit into " + matrix.byteSize() + " bytes with " + rowStride + " elements a row");
        }
        MatrixWriter writer = new MatrixWriter(matrix, rowStride, element);
        forEachTile((tile, values) -> {
            writer.put(tile, values);
            if (plan.symmetric() && tile.rowBlock() != tile.colBlock()) {
                writer.putTransposed(tile, values);
            }
        });
    }

    /**
     * Streams the matrix in blocks of rows, with {@code side x cols} numbers in memory. Off-diagonal tiles of a symmetric
     * matrix are read twice, once for their rows and once for their columns; {@link #fill} reads them once.
     */
    public void forEachRowBlock(RowSink sink) {
        double[] block = new double[Math.multiplyExact(Math.min(plan.side(), plan.rows()), plan.cols())];
        double[] values = new double[Math.multiplyExact(plan.side(), plan.side())];
        for (int row = 0; row < plan.rowBlocks(); row++) {
            for (int col = 0; col < plan.colBlocks(); col++) {
                boolean mirrored = plan.symmetric() && col < row;
                Tile tile = mirrored ? plan.tile(col, row) : plan.tile(row, col);
                store.read(tile, values);
                if (mirrored) {
                    copyTransposed(tile, values, block);
                } else {
                    copy(tile, values, block);
                }
            }
            Tile first = plan.tile(row, 0);
            sink.rows(first.rowBegin(), first.rowEnd(), block);
        }
    }

    private void copy(Tile tile, double[] values, double[] block) {
        for (int row = 0; row < tile.rows(); row++) {
            System.arraycopy(values, row * tile.cols(), block, row * plan.cols() + tile.colBegin(), tile.cols());
        }
    }

    private void copyTransposed(Tile tile, double[] values, double[] block) {
        for (int row = 0; row < tile.rows(); row++) {
            for (int col = 0; col < tile.cols(); col++) {
                block[col * plan.cols() + tile.rowBegin() + row] = values[row * tile.cols() + col];
            }
        }
    }

    private record MatrixWriter(MemorySegment matrix, long rowStride, Precision element) {
        void put(Tile tile, double[] values) {
            for (int row = 0; row < tile.rows(); row++) {
                long to = (tile.rowBegin() + row) * rowStride + tile.colBegin();
                if (element == Precision.F64) {
                    MemorySegment.copy(
                            values, row * tile.cols(), matrix, ValueLayout.JAVA_DOUBLE, to * Double.BYTES, tile.cols());
                } else {
                    putFloats(values, row * tile.cols(), 1, to, tile.cols());
                }
            }
        }

        void putTransposed(Tile tile, double[] values) {
            for (int col = 0; col < tile.cols(); col++) {
                long to = (tile.colBegin() + col) * rowStride + tile.rowBegin();
                if (element == Precision.F64) {
                    putDoubles(values, col, tile.cols(), to, tile.rows());
                } else {
                    putFloats(values, col, tile.cols(), to, tile.rows());
                }
            }
        }

        private void putDoubles(double[] values, int from, int stride, long to, int count) {
            for (int entry = 0; entry < count; entry++) {
                matrix.setAtIndex(ValueLayout.JAVA_DOUBLE, to + entry, values[from + entry * stride]);
            }
        }

        private void putFloats(double[] values, int from, int stride, long to, int count) {
            for (int entry = 0; entry < count; entry++) {
                matrix.setAtIndex(ValueLayout.JAVA_FLOAT, to + entry, (float) values[from + entry * stride]);
            }
        }
    }
}

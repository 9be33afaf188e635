package cntk.backend;

import cntk.plan.Tile;

/** Where the kernels of pairs (a, b) go, added to what is there, and which pairs are wanted at all. */
public interface PairSink {
    boolean wants(int a, int b);

    /**
     * Adds a share of an entry.
     *
     * @param kernel number of the kernel; each has the entries of the tile to itself
     */
    void add(int kernel, int a, int b, double value);

    /** Image a is the row, image b the column. */
    record Block(Tile tile, double[] out) implements PairSink {
        @Override
        public boolean wants(int a, int b) {
            return true;
        }

        @Override
        public void add(int kernel, int a, int b, double value) {
            out[kernel * tile.entries() + (a - tile.rowBegin()) * tile.cols() + b - tile.colBegin()] += value;
        }
    }

    /**
     * Pairs a <= b of one set: entry (a, b) and its mirror, as far as they stand in the tile.
     *
     * @param below whether only the mirror stands in it: a is a column of the tile, b a row
     */
    record Symmetric(Tile tile, double[] out, boolean below) implements PairSink {
        @Override
        public boolean wants(int a, int b) {
            return below ? a < b && !contains(a, b) : a <= b;
        }

        @Override
        public void add(int kernel, int a, int b, double value) {
            if (contains(a, b)) {
                addTo(kernel, a, b, value);
            }
            if (a != b && contains(b, a)) {
                addTo(kernel, b, a, value);
            }
        }

        private boolean contains(int row, int col) {
            return row >= tile.rowBegin() && row < tile.rowEnd() && col >= tile.colBegin() && col < tile.colEnd();
        }

        private void addTo(int kernel, int row, int col, double value) {
            out[kernel * tile.entries() + (row - tile.rowBegin()) * tile.cols() + col - tile.colBegin()] += value;
        }
    }
}

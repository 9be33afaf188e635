package cntk.backend.cpu;

import cntk.plan.Tile;

/** Where the kernels of pairs (a, b) go, and which pairs are wanted at all. */
interface PairSink {
    boolean wants(int a, int b);

    void put(int a, int b, double kernel);

    /** Image a is the row, image b the column. */
    record Block(Tile tile, double[] out) implements PairSink {
        @Override
        public boolean wants(int a, int b) {
            return true;
        }

        @Override
        public void put(int a, int b, double kernel) {
            out[(a - tile.rowBegin()) * tile.cols() + b - tile.colBegin()] = kernel;
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
        public void put(int a, int b, double kernel) {
            if (contains(a, b)) {
                set(a, b, kernel);
            }
            if (contains(b, a)) {
                set(b, a, kernel);
            }
        }

        private boolean contains(int row, int col) {
            return row >= tile.rowBegin() && row < tile.rowEnd() && col >= tile.colBegin() && col < tile.colEnd();
        }

        private void set(int row, int col, double kernel) {
            out[(row - tile.rowBegin()) * tile.cols() + col - tile.colBegin()] = kernel;
        }
    }
}

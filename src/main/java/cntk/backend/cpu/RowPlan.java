package cntk.backend.cpu;

/** The rows of one layer in the order in which they are taken, each with the offsets of all that it reads and writes. */
final class RowPlan {
    static final int STRIDE = 6;
    static final int ABOVE = 0;
    static final int ROW = 1;
    static final int BELOW = 2;
    static final int OUT = 3;
    static final int IMAGE = 4;
    static final int LANES = 5;

    /** [row][{@link #ABOVE} .. {@link #LANES}]. */
    final int[] entries;

    private int rows;

    RowPlan(int height) {
        this.entries = new int[height * STRIDE];
    }

    int rows() {
        return rows;
    }

    void clear() {
        rows = 0;
    }

    void add(int above, int row, int below, int out, int image, int lanes) {
        int at = rows * STRIDE;
        entries[at + ABOVE] = above;
        entries[at + ROW] = row;
        entries[at + BELOW] = below;
        entries[at + OUT] = out;
        entries[at + IMAGE] = image;
        entries[at + LANES] = lanes;
        rows++;
    }
}

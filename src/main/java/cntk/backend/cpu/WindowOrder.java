package cntk.backend.cpu;

/** The order in which a window is added up, the same in every loop: its middle, then -1, +1, -2, +2 and so on. */
final class WindowOrder {
    private static final int[][] AROUND = {{}, {-1, 1}, {-1, 1, -2, 2}, {-1, 1, -2, 2, -3, 3}};

    private WindowOrder() {}

    /** The offsets around the middle of a window of this radius. */
    static int[] around(int radius) {
        return AROUND[radius];
    }
}

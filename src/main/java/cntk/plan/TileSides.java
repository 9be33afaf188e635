package cntk.plan;

/**
 * Picks the side of the tiles from what a pair is estimated to cost. The answer depends on the arguments only, never on
 * measured time or on the number of threads: it is part of the layout on disk, and a resumed run must find the same one.
 */
public final class TileSides {
    /** Sides are multiples of this, so that vectors of images are whole; smaller where a pair takes long: 8, 4, 2, 1. */
    public static final int STEP = 16;

    /** At most a megabyte of floats a chunk; larger tiles gain nothing. */
    public static final int LARGEST = 512;

    /** What a killed run may lose, and a stop may wait for, per worker. */
    private static final double TILE_NANOS = 3e9;
    /** Making a tile durable takes 4 to 8 ms on an SSD; it has to stay below 3% of the time. */
    private static final double SHORTEST_TILE_NANOS = 2.5e8;
    /** Enough that workers of uneven speed end together. */
    private static final int WISHED_TILES = 32;
    /** Enough for two threads, where tiles of 16 allow it, however short they are. */
    private static final int NEEDED_TILES = 10;

    /** Two on the diagonal and the one beside them are an even split. */
    private static final int TILES_OF_TWO_THREADS = 3;

    private static final double WORTH_A_THREAD_NANOS = 5e7;

    private TileSides() {}

    /**
     * The side of the tiles of a matrix: about three seconds a tile; at least 32 tiles where that leaves a quarter of a second
     * a tile, at least ten where the matrix has them.
     *
     * @param nanosPerPair estimated cost of one pair of images on one thread
     * @param maxTileBytes bound for one tile as doubles
     * @return a multiple of 16 from 16 to 512, or a power of two below 16 where a tile of 16 would take too long
     */
    public static int choose(double nanosPerPair, int rows, int cols, boolean symmetric, long maxTileBytes) {
        if (!(nanosPerPair > 0)) {
            throw new IllegalArgumentException("a pair costs " + nanosPerPair + " ns");
        }
        double ofGoodTime = Math.sqrt(TILE_NANOS / nanosPerPair);
        double ofFewBytes = Math.sqrt((double) maxTileBytes / Double.BYTES);
        int side = allowed(Math.min(ofGoodTime, ofFewBytes));
        int shortest = larger(allowed(Math.sqrt(SHORTEST_TILE_NANOS / nanosPerPair)));
        while (side > 1 && isTooLarge(side, shortest, nanosPerPair, tiles(side, rows, cols, symmetric))) {
            side = smaller(side);
        }
        return side;
    }

    private static boolean isTooLarge(int side, int shortest, double nanosPerPair, long tiles) {
        return (tiles < WISHED_TILES && side > shortest)
                || (tiles < NEEDED_TILES && side > STEP)
                || (tiles < TILES_OF_TWO_THREADS && nanosPerPair * side * side > WORTH_A_THREAD_NANOS);
    }

    /** The largest side to choose from that is not above this one, at least 1. */
    private static int allowed(double side) {
        int whole = (int) Math.clamp(side, 1, LARGEST);
        return whole >= STEP ? whole / STEP * STEP : Integer.highestOneBit(whole);
    }

    private static int smaller(int side) {
        return side > STEP ? side - STEP : side / 2;
    }

    private static int larger(int side) {
        return side >= STEP ? side + STEP : 2 * side;
    }

    private static long tiles(int side, int rows, int cols, boolean symmetric) {
        long rowBlocks = Math.ceilDiv(rows, side);
        return symmetric ? rowBlocks * (rowBlocks + 1) / 2 : rowBlocks * Math.ceilDiv(cols, side);
    }
}

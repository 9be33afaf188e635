package cntk.plan;

/**
 * Picks the side of the tiles from what a pair is estimated to cost. The answer depends on the arguments only, never on
 * measured time or on the number of threads: it is part of the layout on disk, and a resumed run must find the same one.
 */
public final class TileSides {
    /** Sides are multiples of this: whole vectors of images. */
    public static final int STEP = 16;

    /** At most a megabyte of floats a chunk; larger tiles gain nothing. */
    public static final int LARGEST = 512;

    /** What a killed run may lose, and a stop may wait for, per worker. */
    private static final double TILE_NANOS = 3e9;
    /** Making a tile durable takes a few milliseconds; it has to stay below 3% of the time. */
    private static final double SHORTEST_TILE_NANOS = 2e8;
    /** Enough that workers of uneven speed end together. */
    private static final int WISHED_TILES = 32;
    /** Enough for two threads, however short the tiles. */
    private static final int NEEDED_TILES = 6;

    private TileSides() {}

    /**
     * The side of the tiles of a matrix: about three seconds a tile, at least 32 tiles where they do not get too short for
     * that, a multiple of 16 from 16 to 512. Matrices too small for two tiles of 16 get a smaller side, so that two threads have work.
     *
     * @param nanosPerPair estimated cost of one pair of images on one thread
     * @param maxTileBytes bound for one tile as doubles
     */
    public static int choose(double nanosPerPair, int rows, int cols, boolean symmetric, long maxTileBytes) {
        if (!(nanosPerPair > 0)) {
            throw new IllegalArgumentException("a pair costs " + nanosPerPair + " ns");
        }
        int side = roundedDown(Math.min(Math.sqrt(TILE_NANOS / nanosPerPair), Math.sqrt(maxTileBytes / (double) Double.BYTES)));
        int longEnough = roundedDown(Math.sqrt(SHORTEST_TILE_NANOS / nanosPerPair) + STEP - 1);
        while (side > STEP
                && (tiles(side, rows, cols, symmetric) < NEEDED_TILES
                        || (side > longEnough && tiles(side, rows, cols, symmetric) < WISHED_TILES))) {
            side -= STEP;
        }
        return tiles(side, rows, cols, symmetric) > 1 ? side : Math.ceilDiv(Math.max(rows, cols), 2);
    }

    private static int roundedDown(double side) {
        return (int) Math.clamp(side / STEP, 1, LARGEST / STEP) * STEP;
    }

    private static long tiles(int side, int rows, int cols, boolean symmetric) {
        long rowBlocks = Math.ceilDiv(rows, side);
        return symmetric ? rowBlocks * (rowBlocks + 1) / 2 : rowBlocks * Math.ceilDiv(cols, side);
    }
}

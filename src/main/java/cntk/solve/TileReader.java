package cntk.solve;

import cntk.plan.Tile;

/** Reads one tile of a kernel matrix; {@code GramStore::read} is one. */
@FunctionalInterface
public interface TileReader {
    /** Fills {@code out} row-major with {@code tile.entries()} values. */
    void read(Tile tile, double[] out);
}

package cntk.gram;

import cntk.plan.Tile;
import cntk.plan.TilePlan;
import java.util.List;

/** Takes finished tiles and says which are missing; safe for many threads. */
public interface TileSink {
    TilePlan plan();

    /** Values per pair in a tile: one for a store, one for each of the stores of a sweep. */
    int kernels();

    /**
     * Makes the tile durable before it returns.
     *
     * @param values row-major, {@code tile.entries()} for every kernel, one kernel behind the other
     * @throws StoreException if the medium fails; the tile is then missing
     */
    void commit(Tile tile, double[] values);

    /** Tiles of the plan that are not committed, in the order of the plan. */
    List<Tile> missing();

    /** Those of {@code tiles}, all of the plan, that are not committed, in their order. */
    List<Tile> missing(List<Tile> tiles);
}

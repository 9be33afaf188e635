package cntk.gram;

import cntk.plan.Tile;
import cntk.plan.TilePlan;
import java.util.List;

/**
 * Where finished tiles of one kernel matrix are kept. A committed tile is durable and whole; a tile that was being written
 * when the process died is missing. Safe for many threads; the first commit of a tile wins.
 */
public interface GramStore extends TileSink, AutoCloseable {
    GramSpec spec();

    @Override
    default TilePlan plan() {
        return spec().plan();
    }

    @Override
    default int kernels() {
        return 1;
    }

    /**
     * Makes the tile durable before it returns; does nothing if the tile is already there, whole. An interrupt does not
     * break it off.
     *
     * @param values row-major, the first {@code tile.entries()} count; finite, and floats if the precision is F32
     * @throws IllegalArgumentException if the tile is not one of the plan, or a value cannot be stored exactly
     * @throws StoreException if the medium fails; the tile is then missing
     */
    @Override
    void commit(Tile tile, double[] values);

    /**
     * Reads a committed tile, row-major, into the first {@code tile.entries()} places of {@code out}.
     *
     * @throws StoreException if it is missing, damaged or cannot be read
     */
    void read(Tile tile, double[] out);

    /**
     * Tiles of the plan that are not committed, or whose bytes fail their checksum, in the order of the plan. Looks at every
     * byte: that a file exists proves nothing.
     */
    @Override
    default List<Tile> missing() {
        return missing(plan().tiles());
    }

    @Override
    void close();
}

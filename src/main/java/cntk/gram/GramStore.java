package cntk.gram;

import cntk.plan.Tile;
import cntk.plan.TilePlan;
import java.util.List;

/**
 * Where finished tiles of one kernel matrix are kept. A committed tile is durable and whole; a tile that was being written
 * when the process died is missing. Safe for many threads; the first commit of a tile wins.
 */
public interface GramStore extends AutoCloseable {
    TilePlan plan();

    /** Makes the tile durable; {@code values} row-major, {@code tile.entries()} of them. */
    void commit(Tile tile, double[] values);

    /** Reads a committed tile, row-major; fails if it is missing or its checksum does not match. */
    void read(Tile tile, double[] out);

    /** Tiles of the plan that are not committed (or whose file is damaged), in the order of the plan. */
    List<Tile> missing();

    @Override
    void close();
}

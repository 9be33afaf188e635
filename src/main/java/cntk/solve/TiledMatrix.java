package cntk.solve;

import cntk.plan.Precision;
import cntk.plan.Tile;
import cntk.plan.TilePlan;

/**
 * A symmetric kernel matrix that stays where it is stored and is read tile by tile, of the diagonal tiles the upper triangle.
 *
 * @param plan of a symmetric matrix
 * @param reader safe for several threads
 * @param stored precision of the entries in the store
 */
public record TiledMatrix(TilePlan plan, TileReader reader, Precision stored) {
    public TiledMatrix {
        if (!plan.symmetric()) {
            throw new IllegalArgumentException("a training kernel is symmetric, " + plan + " is not");
        }
    }

    int size() {
        return plan.rows();
    }

    /** Bytes of a tile in the store. */
    long bytes(Tile tile) {
        return (long) tile.entries() * stored.bytes();
    }
}

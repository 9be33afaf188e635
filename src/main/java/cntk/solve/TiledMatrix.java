package cntk.solve;

import cntk.plan.Precision;
import cntk.plan.Tile;
import cntk.plan.TilePlan;
import java.util.Optional;

/**
 * A symmetric kernel matrix that stays where it is stored and is read tile by tile, of the diagonal tiles the upper triangle.
 *
 * @param plan of a symmetric matrix
 * @param reader safe for several threads
 * @param stored precision of the entries in the store
 * @param products with this matrix, where others compute them
 */
public record TiledMatrix(TilePlan plan, TileReader reader, Precision stored, Optional<RowProducts> products) {
    public TiledMatrix {
        if (!plan.symmetric()) {
            throw new IllegalArgumentException("a training kernel is symmetric, " + plan + " is not");
        }
    }

    /** A matrix that whoever needs it reads by itself. */
    public TiledMatrix(TilePlan plan, TileReader reader, Precision stored) {
        this(plan, reader, stored, Optional.empty());
    }

    int size() {
        return plan.rows();
    }

    /** Bytes of a tile in the store. */
    long bytes(Tile tile) {
        return (long) tile.entries() * stored.bytes();
    }
}

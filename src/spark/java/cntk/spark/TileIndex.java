package cntk.spark;

import cntk.plan.Tile;
import cntk.plan.TilePlan;
import java.io.Serializable;

/** The place of a tile in its plan. */
record TileIndex(int rowBlock, int colBlock) implements Serializable {
    static TileIndex of(Tile tile) {
        return new TileIndex(tile.rowBlock(), tile.colBlock());
    }

    Tile in(TilePlan plan) {
        return plan.tile(rowBlock, colBlock);
    }
}

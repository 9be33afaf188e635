package cntk.plan;

import java.util.ArrayList;
import java.util.List;

/**
 * The tiles of a kernel matrix of {@code rows x cols} entries in square blocks of {@code side}; a symmetric matrix has
 * the tiles of its upper triangle (diagonal tiles whole) only.
 */
public record TilePlan(int rows, int cols, int side, boolean symmetric) {
    public TilePlan {
        if (rows < 1 || cols < 1 || side < 1 || (symmetric && rows != cols)) {
            throw new IllegalArgumentException("tile plan " + rows + " x " + cols + " by " + side);
        }
    }

    public int rowBlocks() {
        return Math.ceilDiv(rows, side);
    }

    public int colBlocks() {
        return Math.ceilDiv(cols, side);
    }

    /** All tiles, those with the most pairs first, then by row and column: the order is part of the plan. */
    public List<Tile> tiles() {
        List<Tile> tiles = new ArrayList<>();
        for (int row = 0; row < rowBlocks(); row++) {
            for (int col = symmetric ? row : 0; col < colBlocks(); col++) {
                tiles.add(tile(row, col));
            }
        }
        tiles.sort((left, right) -> Long.compare(pairs(right), pairs(left))); // stable
        return List.copyOf(tiles);
    }

    /** Of a symmetric matrix the tiles that hold entries of the rows of a block, above the diagonal or as their mirror; in the order of {@link #tiles}. */
    public List<Tile> tilesOf(int block) {
        List<Tile> tiles = new ArrayList<>();
        for (int row = 0; row < block; row++) {
            tiles.add(tile(row, block));
        }
        for (int col = block; col < colBlocks(); col++) {
            tiles.add(tile(block, col));
        }
        tiles.sort((left, right) -> Long.compare(pairs(right), pairs(left))); // stable
        return List.copyOf(tiles);
    }

    public Tile tile(int rowBlock, int colBlock) {
        return new Tile(
                rowBlock,
                colBlock,
                rowBlock * side,
                Math.min(rows, (rowBlock + 1) * side),
                colBlock * side,
                Math.min(cols, (colBlock + 1) * side));
    }

    /** Whether the tile is one of {@link #tiles()}. */
    public boolean contains(Tile tile) {
        return tile.rowBlock() >= 0
                && tile.rowBlock() < rowBlocks()
                && tile.colBlock() >= (symmetric ? tile.rowBlock() : 0)
                && tile.colBlock() < colBlocks()
                && tile.equals(tile(tile.rowBlock(), tile.colBlock()));
    }

    /** Pairs that have to be computed for a tile: on the diagonal of a symmetric matrix only one triangle. */
    public long pairs(Tile tile) {
        return symmetric && tile.rowBlock() == tile.colBlock()
                ? (long) tile.rows() * (tile.rows() + 1) / 2
                : (long) tile.rows() * tile.cols();
    }

    /** Pairs of the whole matrix. */
    public long pairs() {
        return symmetric ? (long) rows * (rows + 1) / 2 : (long) rows * cols;
    }
}

package cntk.plan;

/**
 * A half-open block of a kernel matrix: rows {@code rowBegin..rowEnd}, columns {@code colBegin..colEnd}, and its place
 * {@code rowBlock, colBlock} in the grid of tiles.
 */
public record Tile(int rowBlock, int colBlock, int rowBegin, int rowEnd, int colBegin, int colEnd) {
    public int rows() {
        return rowEnd - rowBegin;
    }

    public int cols() {
        return colEnd - colBegin;
    }

    /** Entries of the block, the ones below the diagonal of a symmetric matrix included. */
    public int entries() {
        return Math.multiplyExact(rows(), cols());
    }

    @Override
    public String toString() {
        return "[" + rowBegin + ".." + rowEnd + ") x [" + colBegin + ".." + colEnd + ")";
    }
}

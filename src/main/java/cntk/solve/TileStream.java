package cntk.solve;

import cntk.plan.Tile;
import cntk.plan.TilePlan;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;

/** Reads a {@link TiledMatrix} again and again, from several threads; counts what it reads, and stops when it is asked to. */
final class TileStream {
    private final TiledMatrix matrix;
    private final BooleanSupplier stop;
    private final LongAdder bytes = new LongAdder();
    private volatile boolean finite;

    /** @param stop asked before every tile */
    TileStream(TiledMatrix matrix, BooleanSupplier stop) {
        this.matrix = matrix;
        this.stop = stop;
    }

    TilePlan plan() {
        return matrix.plan();
    }

    /** An array that holds any tile. */
    double[] room() {
        int side = Math.min(plan().side(), plan().rows());
        return new double[Math.multiplyExact(side, side)];
    }

    /**
     * Fills {@code values} row-major with a tile, a diagonal one with both triangles.
     *
     * @throws SolveStoppedException when the solve was asked to stop
     * @throws NonFiniteKernelException for NaN and infinity, until {@link #trust}
     */
    void read(Tile tile, double[] values) {
        stopIfAsked();
        matrix.reader().read(tile, values);
        bytes.add(matrix.bytes(tile));
        if (tile.rowBlock() == tile.colBlock()) {
            mirror(values, tile.rows());
        }
        if (!finite) {
            Finite.require("training kernel", tile, values);
        }
    }

    /** Throws {@link SolveStoppedException} if the solve was asked to stop. */
    void stopIfAsked() {
        if (stop.getAsBoolean()) {
            throw new SolveStoppedException();
        }
    }

    /** Others have read that much for this solve. */
    void count(long bytesOfOthers) {
        bytes.add(bytesOfOthers);
    }

    /** Bytes of a tile in the store. */
    long bytes(Tile tile) {
        return matrix.bytes(tile);
    }

    /** Every tile has been read once: later readings need not look for NaN. */
    void trust() {
        finite = true;
    }

    /** Bytes of the tiles that were read. */
    long bytes() {
        return bytes.sum();
    }

    /** K_ii of every image: the tiles on the diagonal, once. */
    double[] diagonal() {
        double[] diagonal = new double[plan().rows()];
        double[] values = room();
        for (int block = 0; block < plan().rowBlocks(); block++) {
            Tile tile = plan().tile(block, block);
            read(tile, values);
            for (int row = 0; row < tile.rows(); row++) {
                diagonal[tile.rowBegin() + row] = values[row * tile.cols() + row];
            }
        }
        return diagonal;
    }

    private static void mirror(double[] values, int side) {
        for (int row = 1; row < side; row++) {
            for (int col = 0; col < row; col++) {
                values[row * side + col] = values[col * side + row];
            }
        }
    }
}

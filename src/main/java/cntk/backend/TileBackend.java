package cntk.backend;

import cntk.plan.Tile;

/**
 * Computes tiles of one kernel matrix K[row image, column image]. One thread at a time; open several for several threads.
 *
 * <p>The bits of an entry depend on the two images, the network, kind, precision and the backend only, never on the tile
 * it stands in, on the schedule or on other devices. Where rows and columns are the same set, entry (r, c) and entry (c, r)
 * are the same bits.
 */
public interface TileBackend extends AutoCloseable {
    /** For logs and the run record, such as {@code cpu/0}. */
    String name();

    /** Kernels of every pair, one matrix each; more than one where several networks are read out of one sweep. */
    default int kernels() {
        return 1;
    }

    /**
     * Fills {@code out} row-major with the {@code tile.entries()} values of the first kernel, behind them those of the second, and so
     * on. For precision F32 the values are floats
     * (their widening loses nothing).
     */
    void compute(Tile tile, double[] out) throws InterruptedException;

    @Override
    void close();
}

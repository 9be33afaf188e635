package cntk.backend;

import cntk.dataset.ImageSet;
import cntk.plan.Tile;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** How many pairs a second a backend computes on this machine, all its workers at once: a measurement of a few seconds. */
public final class RateProbe {
    private static final double WARM_UP_SECONDS = 1;
    private static final double SECONDS = 1.5;

    private RateProbe() {}

    /**
     * Measures for a second and a half, after a second of warm-up.
     *
     * @param rows images of the network's shape, as are {@code cols}; every worker computes the whole tile again and again
     */
    public static double pairsPerSecond(KernelBackend backend, ImageSet rows, ImageSet cols)
            throws InterruptedException {
        List<TileBackend> workers = backend.open(rows, cols);
        ExecutorService threads = Executors.newFixedThreadPool(workers.size());
        try {
            List<Future<Double>> rates = new ArrayList<>();
            for (TileBackend worker : workers) {
                rates.add(threads.submit(() -> rate(worker, rows.count(), cols.count())));
            }
            double sum = 0;
            for (Future<Double> rate : rates) {
                sum += rate.get();
            }
            return sum;
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
        } finally {
            threads.shutdownNow();
            workers.forEach(TileBackend::close);
        }
    }

    private static double rate(TileBackend worker, int rows, int cols) throws InterruptedException {
        Tile tile = new Tile(0, 0, 0, rows, 0, cols);
        double[] out = new double[worker.kernels() * tile.entries()];
        repeat(worker, tile, out, WARM_UP_SECONDS);
        return repeat(worker, tile, out, SECONDS);
    }

    /** Pairs a second. */
    private static double repeat(TileBackend worker, Tile tile, double[] out, double seconds)
            throws InterruptedException {
        long start = System.nanoTime();
        long pairs = 0;
        double elapsed;
        do {
            worker.compute(tile, out);
            pairs += tile.entries();
            elapsed = (System.nanoTime() - start) * 1e-9;
        } while (elapsed < seconds);
        return pairs / elapsed;
    }
}

package cntk.cli;

import cntk.backend.OracleBackend;
import cntk.backend.TileBackend;
import cntk.dataset.ImageSet;
import cntk.plan.KernelTask;
import cntk.plan.Tile;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Recomputes single entries with the oracle, on several threads. */
final class OracleCheck {
    /** One entry twice. */
    record Compared(String matrix, int row, int col, double stored, double oracle) {
        double difference() {
            return Math.abs(stored - oracle);
        }
    }

    private final KernelTask task;
    private final int threads;

    OracleCheck(KernelTask task, int threads) {
        this.task = task;
        this.threads = threads;
    }

    List<Compared> compare(String matrix, ImageSet rows, ImageSet cols, List<EntrySamples.Entry> entries)
            throws InterruptedException {
        try (OracleBackend oracle = new OracleBackend(task, threads);
                ExecutorService pool = Executors.newFixedThreadPool(
                        threads, Thread.ofPlatform().daemon().factory())) {
            List<Future<List<Compared>>> shares = new ArrayList<>();
            int worker = 0;
            for (TileBackend backend : oracle.open(rows, cols)) {
                int first = worker++;
                shares.add(pool.submit(() -> share(matrix, backend, entries, first)));
            }
            List<Compared> all = new ArrayList<>();
            for (Future<List<Compared>> share : shares) {
                all.addAll(share.get());
            }
            return all;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Every {@code threads}-th entry. */
    private List<Compared> share(String matrix, TileBackend backend, List<EntrySamples.Entry> entries, int first)
            throws InterruptedException {
        List<Compared> compared = new ArrayList<>();
        double[] value = new double[1];
        for (int index = first; index < entries.size(); index += threads) {
            EntrySamples.Entry entry = entries.get(index);
            int row = entry.row();
            int col = entry.col();
            backend.compute(new Tile(row, col, row, row + 1, col, col + 1), value);
            compared.add(new Compared(matrix, row, col, entry.stored(), value[0]));
        }
        return compared;
    }
}

package cntk.cli;

import cntk.backend.BackendUnavailableException;
import cntk.backend.KernelBackend;
import cntk.backend.TileBackend;
import cntk.dataset.ImageSet;
import cntk.gram.TileSink;
import cntk.plan.Shard;
import cntk.plan.Tile;
import cntk.plan.TilePlan;
import cntk.schedule.ProgressListener;
import cntk.schedule.TileScheduler;
import java.util.ArrayList;
import java.util.List;

/** Completes kernel matrices: computes what a store misses. */
final class MatrixStage {
    private final KernelBackend backend;
    private final String name;
    private final String description;
    private final StopGuard guard;
    private final ProgressPrinter printer;
    private final Shard shard;
    private final WorkerTally tally = new WorkerTally();
    private long computedPairs;
    private double seconds;

    /** @param shard what of each matrix is this process's to compute */
    MatrixStage(KernelBackend backend, StopGuard guard, ProgressPrinter printer, Shard shard) {
        this.backend = backend;
        this.name = backend.name();
        this.description = backend.description();
        backend.listen(printer::say);
        this.guard = guard;
        this.printer = printer;
        this.shard = shard;
    }

    /**
     * Makes this shard's share of K[rows, cols] whole.
     *
     * @throws StoppedException after Ctrl-C
     */
    void complete(TileSink store, ImageSet rows, ImageSet cols) {
        long start = System.nanoTime();
        List<Tile> share = shard.of(store.plan());
        List<Tile> missing = store.missing(share);
        if (missing.isEmpty()) {
            printer.started(
                    new ProgressListener.Work(0, 0),
                    new ProgressListener.Work(share.size(), shard.pairs(store.plan())));
        } else {
            compute(store, rows, cols, missing);
        }
        seconds += (System.nanoTime() - start) / 1e9;
    }

    private void compute(TileSink store, ImageSet rows, ImageSet cols, List<Tile> missing) {
        guard.check();
        List<TileBackend> workers = new ArrayList<>();
        try {
            open(rows, cols, workers);
            TileScheduler scheduler =
                    new TileScheduler(store, workers, new Both(printer, tally, ofShare(store.plan(), missing)));
            computedPairs += guard.run(scheduler, missing).pairs();
        } finally {
            workers.forEach(TileBackend::close);
        }
    }

    /** A part that has no worker left does not keep the others from going on. */
    private void open(ImageSet rows, ImageSet cols, List<TileBackend> workers) {
        BackendUnavailableException unavailable = null;
        for (KernelBackend part : backend.parts()) {
            try {
                part.open(rows, cols).forEach(worker -> workers.add(tally.timed(worker, part)));
            } catch (BackendUnavailableException e) {
                unavailable = e;
                printer.say("goes on without " + part.name() + ": " + e.getMessage());
            }
        }
        if (workers.isEmpty() && unavailable != null) {
            throw unavailable;
        }
    }

    /** Pairs that were computed, not found. */
    long computedPairs() {
        return computedPairs;
    }

    /** Wall time of all matrices, preparation of the images included. */
    double seconds() {
        return seconds;
    }

    /** Of the backend; also when that is closed. */
    String backendName() {
        return name;
    }

    String backendDescription() {
        return description;
    }

    WorkerTally tally() {
        return tally;
    }

    /** What of this shard's share is stored already. */
    private ProgressListener.Work ofShare(TilePlan plan, List<Tile> missing) {
        return new ProgressListener.Work(
                shard.of(plan).size() - missing.size(),
                shard.pairs(plan) - missing.stream().mapToLong(plan::pairs).sum());
    }

    /** @param share what is stored of the share of this shard; the scheduler counts what other shards do as well */
    private record Both(ProgressListener first, ProgressListener second, Work share) implements ProgressListener {
        @Override
        public void started(Work work, Work stored) {
            first.started(work, share);
            second.started(work, share);
        }

        @Override
        public void tileDone(Tile tile, long pairs, String worker) {
            first.tileDone(tile, pairs, worker);
            second.tileDone(tile, pairs, worker);
        }

        @Override
        public void tileFailed(Tile tile, String worker, int attempt, Exception cause) {
            first.tileFailed(tile, worker, attempt, cause);
            second.tileFailed(tile, worker, attempt, cause);
        }

        @Override
        public void tileTakenOver(Tile tile, String slow, String worker) {
            first.tileTakenOver(tile, slow, worker);
            second.tileTakenOver(tile, slow, worker);
        }

        @Override
        public void workerLost(String worker, Exception cause) {
            first.workerLost(worker, cause);
            second.workerLost(worker, cause);
        }

        @Override
        public void finished() {
            first.finished();
            second.finished();
        }
    }
}

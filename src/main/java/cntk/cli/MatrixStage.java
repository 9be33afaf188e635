package cntk.cli;

import cntk.backend.BackendUnavailableException;
import cntk.backend.KernelBackend;
import cntk.backend.TileBackend;
import cntk.dataset.ImageSet;
import cntk.gram.TileSink;
import cntk.plan.Tile;
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
    private final WorkerTally tally = new WorkerTally();
    private long computedPairs;
    private double seconds;

    MatrixStage(KernelBackend backend, StopGuard guard, ProgressPrinter printer) {
        this.backend = backend;
        this.name = backend.name();
        this.description = backend.description();
        backend.listen(printer::say);
        this.guard = guard;
        this.printer = printer;
    }

    /**
     * Makes K[rows, cols] whole.
     *
     * @throws StoppedException after Ctrl-C
     */
    void complete(TileSink store, ImageSet rows, ImageSet cols) {
        long start = System.nanoTime();
        List<Tile> missing = store.missing();
        if (missing.isEmpty()) {
            int tiles = store.plan().tiles().size();
            printer.started(
                    new ProgressListener.Work(0, 0),
                    new ProgressListener.Work(tiles, store.plan().pairs()));
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
            TileScheduler scheduler = new TileScheduler(store, workers, new Both(printer, tally));
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

    private record Both(ProgressListener first, ProgressListener second) implements ProgressListener {
        @Override
        public void started(Work work, Work stored) {
            first.started(work, stored);
            second.started(work, stored);
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

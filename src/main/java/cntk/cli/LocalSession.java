package cntk.cli;

import cntk.backend.BackendUnavailableException;
import cntk.backend.Backends;
import cntk.backend.KernelBackend;
import cntk.backend.TileBackend;
import cntk.plan.Tile;
import cntk.schedule.ScheduleResult;
import cntk.schedule.TileScheduler;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The devices of this machine at work. */
final class LocalSession implements KernelSession {
    private final KernelBackend backend;
    private final String name;
    private final String description;
    private final String reason;

    // Guarded by this.
    private @Nullable TileScheduler running;
    private boolean stopping;

    /** @param picked closed with this */
    LocalSession(Backends.Picked picked) {
        this.backend = picked.backend();
        this.name = backend.name();
        this.description = backend.description();
        this.reason = picked.reason();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public String reason() {
        return reason;
    }

    @Override
    public List<Tile> missing(StoredMatrix matrix, List<Tile> tiles) {
        return matrix.store().missing(tiles);
    }

    @Override
    public ScheduleResult compute(StoredMatrix matrix, List<Tile> tiles, KernelWatch watch) {
        backend.listen(watch::say);
        List<TileBackend> workers = new ArrayList<>();
        try {
            open(matrix, workers, watch);
            TileScheduler scheduler = new TileScheduler(matrix.store(), workers, watch);
            begin(scheduler);
            return scheduler.run(tiles);
        } finally {
            workers.forEach(TileBackend::close);
        }
    }

    private synchronized void begin(TileScheduler scheduler) {
        running = scheduler;
        if (stopping) {
            scheduler.stop();
        }
    }

    @Override
    public synchronized void stop() {
        stopping = true;
        if (running != null) {
            running.stop();
        }
    }

    /** A part that has no worker left does not keep the others from going on. */
    private void open(StoredMatrix matrix, List<TileBackend> workers, KernelWatch watch) {
        BackendUnavailableException unavailable = null;
        for (KernelBackend part : backend.parts()) {
            try {
                part.open(matrix.rows(), matrix.cols()).forEach(worker -> workers.add(new Timed(worker, part, watch)));
            } catch (BackendUnavailableException e) {
                unavailable = e;
                watch.say("goes on without " + part.name() + ": " + e.getMessage());
            }
        }
        if (workers.isEmpty() && unavailable != null) {
            throw unavailable;
        }
    }

    @Override
    public void close() {
        backend.close();
    }

    /** A worker with a watch on it. */
    private record Timed(TileBackend worker, KernelWatch watch) implements TileBackend {
        Timed(TileBackend worker, KernelBackend backend, KernelWatch watch) {
            this(worker, watch);
            watch.workerIs(worker.name(), backend.name(), backend.description());
        }

        @Override
        public String name() {
            return worker.name();
        }

        @Override
        public int kernels() {
            return worker.kernels();
        }

        @Override
        public void compute(Tile tile, double[] out) throws InterruptedException {
            long start = System.nanoTime();
            worker.compute(tile, out);
            watch.busy(worker.name(), System.nanoTime() - start);
        }

        @Override
        public void close() {
            worker.close();
        }
    }
}

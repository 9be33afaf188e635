package cntk.schedule;

import cntk.backend.TileBackend;
import cntk.backend.WorkerTooSmallException;
import cntk.gram.StoreException;
import cntk.gram.TileSink;
import cntk.plan.Tile;
import cntk.schedule.ProgressListener.Work;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Computes the missing tiles of a store with workers of any number and speed, one thread each, in the order of the plan.
 *
 * <p>A tile that fails is tried once more by the same worker, then given to another one. A worker that gives up three tiles
 * in a row, or says that it is lost, gets no more, and its tile goes back. A tile is committed by the worker that
 * computed it, before that takes the next one: a kill loses the tiles in flight. At the end of the queue an idle worker
 * computes the tile of a much slower one again, and the first of the two commits it: a slow worker beside fast ones holds up nothing. Used for one run.
 */
public final class TileScheduler {
    private final TileSink store;
    private final List<TileBackend> backends;
    private final OneAtATime listener;
    private final AtomicReference<@Nullable Throwable> fatal = new AtomicReference<>();
    private final CountDownLatch ended = new CountDownLatch(1);

    // Guarded by this.
    private final List<Thread> threads = new ArrayList<>();
    private @Nullable TileQueue queue;
    private boolean stopAsked;

    /**
     * Binds workers to a store.
     *
     * @param backends at least one, with different names; they stay the caller's, who closes them */
    public TileScheduler(TileSink store, List<? extends TileBackend> backends, ProgressListener listener) {
        if (backends.stream().map(TileBackend::name).distinct().count() != backends.size() || backends.isEmpty()) {
            throw new IllegalArgumentException("workers need different names: "
                    + backends.stream().map(TileBackend::name).toList());
        }
        this.store = store;
        this.backends = List.copyOf(backends);
        this.listener = new OneAtATime(listener);
    }

    /**
     * Computes what is missing; blocks until all is durable, or until it is stopped. An interrupt of the calling thread stops
     * it as {@link #stop} does, and stays set.
     *
     * @throws ScheduleException if tiles are left that no worker could compute
     * @throws WorkerTooSmallException if tiles are left and every worker has too little memory for any
     * @throws StoreException if the store failed; nothing is retried then
     */
    public ScheduleResult run() {
        return run(store.missing());
    }

    /** As {@link #run()}, for a share of the missing tiles. */
    public ScheduleResult run(List<Tile> tiles) {
        long start = System.nanoTime();
        try {
            TileQueue work = open(tiles);
            List<TileWorker> workers = new ArrayList<>();
            for (TileBackend backend : backends) {
                workers.add(new TileWorker(backend, store, work, listener));
            }
            listener.started(workOf(tiles), remainder(tiles));
            start(workers);
            joinAll();
            rethrowFatal();
            requireDone(work, workers);
            return result(work, workers, tiles, (System.nanoTime() - start) / 1e9);
        } finally {
            listener.finished();
            ended.countDown();
        }
    }

    /**
     * Asks for the end and returns at once; may come from any thread at any time. Tiles in flight are finished if their
     * backend does not heed interrupts, else dropped.
     */
    public synchronized void stop() {
        stopAsked = true;
        if (queue != null) {
            queue.stop();
        }
        threads.forEach(Thread::interrupt);
    }

    /** For a shutdown hook: waits until {@code run} is through; false if it was not in time. */
    public boolean awaitEnd(Duration atMost) throws InterruptedException {
        return ended.await(atMost.toNanos(), TimeUnit.NANOSECONDS);
    }

    private synchronized TileQueue open(List<Tile> tiles) {
        if (queue != null) {
            throw new IllegalStateException("a scheduler runs once");
        }
        queue = new TileQueue(tiles, store.plan()::pairs);
        if (stopAsked) {
            queue.stop();
        }
        return queue;
    }

    private synchronized void start(List<TileWorker> workers) {
        for (TileWorker worker : workers) {
            Thread thread = Thread.ofPlatform()
                    .name("tiles-" + worker.name())
                    .uncaughtExceptionHandler((_, failure) -> abort(failure))
                    .unstarted(worker);
            threads.add(thread);
            thread.start();
        }
    }

    private void abort(Throwable failure) {
        if (!fatal.compareAndSet(null, failure)) {
            Objects.requireNonNull(fatal.get()).addSuppressed(failure);
        }
        stop();
    }

    private void joinAll() {
        boolean interrupted = false;
        for (Thread thread : threads()) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException _) {
                    interrupted = true;
                    stop();
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized List<Thread> threads() {
        return List.copyOf(threads);
    }

    private void rethrowFatal() {
        switch (fatal.get()) {
            case null -> {}
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            case Throwable e -> throw new IllegalStateException(e); // a Runnable throws no other
        }
    }

    private void requireDone(TileQueue work, List<TileWorker> workers) {
        List<Tile> left = work.left();
        if (left.isEmpty() || work.stopping()) {
            return;
        }
        Exception first = Objects.requireNonNull(listener.firstFailure());
        if (workers.getFirst().lostBecause() instanceof WorkerTooSmallException tooSmall
                && workers.stream().allMatch(worker -> worker.lostBecause() instanceof WorkerTooSmallException)) {
            throw tooSmall; // nothing is broken: the request has to change
        }
        if (workers.stream().allMatch(worker -> worker.lostBecause() != null)) {
            throw ScheduleException.allLost(left.size(), reasons(workers), first);
        }
        throw ScheduleException.tilesFailed(left, reasons(workers), first);
    }

    /** Why each lost worker was lost. */
    private static Map<String, Exception> reasons(List<TileWorker> workers) {
        Map<String, Exception> reasons = new LinkedHashMap<>();
        for (TileWorker worker : workers) {
            Exception reason = worker.lostBecause();
            if (reason != null) {
                reasons.put(worker.name(), reason);
            }
        }
        return reasons;
    }

    private ScheduleResult result(TileQueue work, List<TileWorker> workers, List<Tile> tiles, double wallSeconds) {
        Map<String, Integer> byWorker = new LinkedHashMap<>();
        workers.forEach(worker -> byWorker.put(worker.name(), worker.tilesDone()));
        List<Tile> left = work.left();
        return new ScheduleResult(
                tiles.size() - left.size(),
                workOf(tiles).pairs() - workOf(left).pairs(),
                work.retaken() + workers.stream().mapToInt(TileWorker::retries).sum(),
                byWorker,
                wallSeconds,
                !left.isEmpty());
    }

    private Work workOf(List<Tile> tiles) {
        return new Work(
                tiles.size(), tiles.stream().mapToLong(store.plan()::pairs).sum());
    }

    private Work remainder(List<Tile> tiles) {
        Work work = workOf(tiles);
        return new Work(store.plan().tiles().size() - work.tiles(), store.plan().pairs() - work.pairs());
    }

    /** Spares every listener the thought of threads; remembers which failure came first. */
    private static final class OneAtATime implements ProgressListener {
        private final ProgressListener listener;
        private @Nullable Exception firstFailure;

        OneAtATime(ProgressListener listener) {
            this.listener = listener;
        }

        @Override
        public synchronized void started(Work work, Work stored) {
            listener.started(work, stored);
        }

        @Override
        public synchronized void tileDone(Tile tile, long pairs, String worker) {
            listener.tileDone(tile, pairs, worker);
        }

        @Override
        public synchronized void tileFailed(Tile tile, String worker, int attempt, Exception cause) {
            firstFailure = firstFailure == null ? cause : firstFailure;
            listener.tileFailed(tile, worker, attempt, cause);
        }

        synchronized @Nullable Exception firstFailure() {
            return firstFailure;
        }

        @Override
        public synchronized void tileTakenOver(Tile tile, String slow, String worker) {
            listener.tileTakenOver(tile, slow, worker);
        }

        @Override
        public synchronized void workerLost(String worker, Exception cause) {
            listener.workerLost(worker, cause);
        }

        @Override
        public synchronized void finished() {
            listener.finished();
        }
    }
}

package cntk.schedule;

import cntk.backend.TileBackend;
import cntk.backend.WorkerLostException;
import cntk.dataset.InputException;
import cntk.gram.StoreException;
import cntk.gram.TileSink;
import cntk.schedule.TileQueue.Job;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** One thread, one backend: takes tiles from the queue, computes them and makes them durable until none is left for it. */
final class TileWorker implements Runnable {
    /** On the worker it failed on; then another one gets the tile. */
    private static final int ATTEMPTS = 2;
    /** Tiles in a row that show that the worker is to blame and not the tiles. */
    private static final int GIVEN_UP_BY_A_LOST_WORKER = 3;

    private final TileBackend backend;
    private final TileSink store;
    private final TileQueue queue;
    private final ProgressListener listener;
    private final double[] values;

    private final AtomicInteger tilesDone = new AtomicInteger();
    private final AtomicInteger retries = new AtomicInteger();
    private volatile @Nullable Exception lostBecause;
    private final AtomicLong computedPairs = new AtomicLong();
    private final AtomicLong computingNanos = new AtomicLong();

    TileWorker(TileBackend backend, TileSink store, TileQueue queue, ProgressListener listener) {
        this.backend = backend;
        this.store = store;
        this.queue = queue;
        this.listener = listener;
        if (backend.kernels() != store.kernels()) {
            throw new IllegalArgumentException(backend.name() + " computes " + backend.kernels()
                    + " kernels, but there are " + store.kernels() + " stores");
        }
        this.values = new double
                [Math.multiplyExact(
                        store.kernels(),
                        Math.multiplyExact(store.plan().side(), store.plan().side()))];
    }

    /** Store failures, errors and failures of the listener leave it as they are: they are not about a tile. */
    @Override
    public void run() {
        int givenUpInARow = 0;
        for (Job job = next(); job != null; job = next()) {
            sayIfLate(job);
            Exception failure = failureAfterRetry(job);
            if (failure == null) {
                givenUpInARow = 0;
                land(job);
            } else if (failure instanceof WorkerLostException) {
                lose(job, failure);
                return;
            } else if (queue.stopping() || queue.isDurable(job)) {
                queue.putBack(job, name());
            } else if (++givenUpInARow == GIVEN_UP_BY_A_LOST_WORKER) {
                lose(job, failure);
                return;
            } else {
                queue.giveUp(job, name());
            }
        }
    }

    private @Nullable Job next() {
        return queue.take(name(), computedPairs.get() == 0 ? 0 : computingNanos.doubleValue() / computedPairs.get());
    }

    private void sayIfLate(Job job) {
        String other = queue.lateOn(job, name());
        if (other != null) {
            listener.tileTakenOver(job.tile(), other, name());
        }
    }

    private void land(Job job) {
        boolean mine = queue.isCommitter(job, name());
        queue.done(job, name());
        if (mine) {
            tilesDone.incrementAndGet();
            listener.tileDone(job.tile(), job.pairs(), name());
        }
    }

    private void lose(Job job, Exception cause) {
        lostBecause = cause;
        queue.putBack(job, name());
        listener.workerLost(name(), cause);
    }

    /** Null if the tile is durable. */
    private @Nullable Exception failureAfterRetry(Job job) {
        for (int attempt = 1; ; attempt++) {
            Exception failure = failureOf(job);
            boolean lost = failure instanceof WorkerLostException;
            if (failure == null || (!lost && (queue.stopping() || queue.isDurable(job)))) {
                return failure;
            }
            listener.tileFailed(job.tile(), name(), attempt, failure);
            if (attempt == ATTEMPTS || lost) {
                return failure;
            }
            retries.incrementAndGet();
        }
    }

    private @Nullable Exception failureOf(Job job) {
        try {
            long start = System.nanoTime();
            backend.compute(job.tile(), values);
            computingNanos.addAndGet(System.nanoTime() - start);
            computedPairs.addAndGet(job.pairs());
            if (queue.claim(job, name())) {
                commit(job);
            }
            return null;
        } catch (StoreException | InputException e) {
            throw e; // no other worker would fare better
        } catch (InterruptedException | RuntimeException e) {
            return e;
        }
    }

    private void commit(Job job) {
        boolean committed = false;
        try {
            store.commit(job.tile(), values);
            committed = true;
        } finally {
            if (!committed) {
                queue.unclaim(job);
            }
        }
        queue.durable(job);
    }

    String name() {
        return backend.name();
    }

    /** Why it gets no more tiles; null if it is well. */
    @Nullable
    Exception lostBecause() {
        return lostBecause;
    }

    int tilesDone() {
        return tilesDone.get();
    }

    int retries() {
        return retries.get();
    }
}

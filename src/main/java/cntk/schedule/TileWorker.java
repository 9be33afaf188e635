package cntk.schedule;

import cntk.backend.TileBackend;
import cntk.backend.WorkerLostException;
import cntk.dataset.InputException;
import cntk.gram.StoreException;
import cntk.gram.TileSink;
import cntk.plan.Tile;
import cntk.schedule.TileQueue.Job;
import java.util.concurrent.atomic.AtomicInteger;
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
    private volatile boolean lost;

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
        for (Job job = queue.take(name()); job != null; job = queue.take(name())) {
            if (job.triedElsewhere()) {
                retries.incrementAndGet();
            }
            Exception failure = failureAfterRetry(job.tile());
            if (failure == null) {
                givenUpInARow = 0;
                tilesDone.incrementAndGet();
                queue.done();
                listener.tileDone(job.tile(), store.plan().pairs(job.tile()), name());
            } else if (queue.stopping()) {
                queue.putBack(job);
            } else if (failure instanceof WorkerLostException || ++givenUpInARow == GIVEN_UP_BY_A_LOST_WORKER) {
                lost = true;
                queue.putBack(job);
                listener.workerLost(name(), failure);
                return;
            } else {
                queue.giveUp(job, name());
            }
        }
    }

    /** Null if the tile is durable. */
    private @Nullable Exception failureAfterRetry(Tile tile) {
        for (int attempt = 1; ; attempt++) {
            Exception failure = failureOf(tile);
            if (failure == null || queue.stopping()) {
                return failure;
            }
            listener.tileFailed(tile, name(), attempt, failure);
            if (attempt == ATTEMPTS || failure instanceof WorkerLostException) {
                return failure;
            }
            retries.incrementAndGet();
        }
    }

    private @Nullable Exception failureOf(Tile tile) {
        try {
            backend.compute(tile, values);
            store.commit(tile, values);
            return null;
        } catch (StoreException | InputException e) {
            throw e; // no other worker would fare better
        } catch (InterruptedException | RuntimeException e) {
            return e;
        }
    }

    String name() {
        return backend.name();
    }

    boolean isLost() {
        return lost;
    }

    int tilesDone() {
        return tilesDone.get();
    }

    int retries() {
        return retries.get();
    }
}

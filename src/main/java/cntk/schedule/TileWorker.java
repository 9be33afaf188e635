package cntk.schedule;

import cntk.backend.TileBackend;
import cntk.backend.WorkerLostException;
import cntk.gram.GramStore;
import cntk.gram.StoreException;
import cntk.plan.Tile;
import cntk.schedule.TileQueue.Job;
import org.jspecify.annotations.Nullable;

/** One thread, one backend: takes tiles from the queue, computes them and makes them durable until none is left for it. */
final class TileWorker implements Runnable {
    /** On the worker it failed on; then another one gets the tile. */
    private static final int ATTEMPTS = 2;
    /** Given-up tiles in a row that show that the worker is to blame and not the tiles. */
    private static final int FAILURES_OF_A_LOST_WORKER = 3;

    private final TileBackend backend;
    private final GramStore store;
    private final TileQueue queue;
    private final ProgressListener listener;
    private final double[] values;

    private int tilesDone;
    private int retries;
    private int failuresInARow;
    private volatile boolean lost;

    TileWorker(TileBackend backend, GramStore store, TileQueue queue, ProgressListener listener) {
        this.backend = backend;
        this.store = store;
        this.queue = queue;
        this.listener = listener;
        this.values = new double[Math.multiplyExact(store.plan().side(), store.plan().side())];
    }

    /** Store failures, errors and failures of the listener leave it as they are: they are not about a tile. */
    @Override
    public void run() {
        for (Job job = queue.take(name()); job != null; job = lost ? null : queue.take(name())) {
            process(job);
        }
    }

    private void process(Job job) {
        if (job.triedElsewhere()) {
            retries++;
        }
        for (int attempt = 1; ; attempt++) {
            Exception failure = failureOf(job.tile());
            if (failure == null) {
                tilesDone++;
                failuresInARow = 0;
                queue.done();
                listener.tileDone(job.tile(), store.plan().pairs(job.tile()), name());
                return;
            }
            if (queue.stopping()) {
                queue.putBack(job);
                return;
            }
            listener.tileFailed(job.tile(), name(), attempt, failure);
            if (failure instanceof WorkerLostException) {
                lose(job, failure);
                return;
            }
            if (attempt == ATTEMPTS) {
                giveUp(job, failure);
                return;
            }
            retries++;
        }
    }

    /** Null if the tile is durable. */
    private @Nullable Exception failureOf(Tile tile) {
        try {
            backend.compute(tile, values);
            store.commit(tile, values);
            return null;
        } catch (StoreException e) {
            throw e; // no other worker would fare better
        } catch (InterruptedException | RuntimeException e) {
            return e;
        }
    }

    private void giveUp(Job job, Exception failure) {
        failuresInARow++;
        if (failuresInARow == FAILURES_OF_A_LOST_WORKER) {
            lose(job, failure);
        } else {
            queue.giveUp(job, name());
        }
    }

    private void lose(Job job, Exception failure) {
        lost = true;
        queue.putBack(job);
        listener.workerLost(name(), failure);
    }

    String name() {
        return backend.name();
    }

    // The following are read when the thread has ended.

    boolean isLost() {
        return lost;
    }

    int tilesDone() {
        return tilesDone;
    }

    int retries() {
        return retries;
    }
}

package cntk.schedule;

import cntk.plan.Tile;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The tiles still to be done. A tile waits, or is with the worker that took it, or with two where the first is slow: when
 * nothing waits, a worker takes over a tile that another one has held for longer than {@link #PATIENCE} times what it
 * would need itself. Only one of them commits it, and the other one is interrupted then. A worker that finds nothing
 * waits as long as a tile may come back or become overdue.
 */
final class TileQueue {
    /** So a slow worker holds the end of a run up by at most two of a fast one's tiles, and equal ones never race. */
    private static final double PATIENCE = 2;

    /** Shorter delays are not worth computing anything twice. */
    private static final long SHORTEST_PATIENCE_NANOS = 50_000_000L;

    private static final int MOST_HOLDERS = 2;

    /** Since when a worker computes a tile, and in which thread. */
    private record Hold(Thread thread, long since) {}

    /** A tile, the workers that compute it and those that have given up on it; guarded by the queue. */
    static final class Job {
        private final Tile tile;
        private final long pairs;
        private final Set<String> givenUpBy = new HashSet<>();
        private final Map<String, Hold> holds = new LinkedHashMap<>();
        private @Nullable String committer;
        private boolean durable;

        private Job(Tile tile, long pairs) {
            this.tile = tile;
            this.pairs = pairs;
        }

        Tile tile() {
            return tile;
        }

        long pairs() {
            return pairs;
        }
    }

    private final Deque<Job> waiting = new ArrayDeque<>();
    private final Set<Job> inFlight = new LinkedHashSet<>();
    private int retaken;
    private boolean stopping;

    /** @param pairs of a tile: what it costs */
    TileQueue(List<Tile> tiles, ToLongFunction<Tile> pairs) {
        tiles.forEach(tile -> waiting.add(new Job(tile, pairs.applyAsLong(tile))));
    }

    /**
     * The next tile that this worker has not given up on; null if there will be none. An interrupt alone does not end it.
     *
     * @param nanosPerPair what this worker needs, as far as it is known; 0 if not
     */
    synchronized @Nullable Job take(String worker, double nanosPerPair) {
        while (!stopping) {
            Job job = removeFirstFor(worker);
            if (job == null && nanosPerPair > 0) {
                job = overdueFor(worker, nanosPerPair);
            }
            if (job != null) {
                return hold(job, worker);
            }
            if (inFlight.isEmpty()) {
                return null;
            }
            try {
                wait(1 + nanosUntilOverdue(worker, nanosPerPair) / 1_000_000);
            } catch (InterruptedException _) {
                // a stop sets the flag before it interrupts; nothing else may end a worker
            }
        }
        return null;
    }

    /** Whether this worker, which has computed the tile, is to commit it: not if another one does or has done so. */
    synchronized boolean claim(Job job, String worker) {
        if (job.durable || job.committer != null) {
            return false;
        }
        job.committer = worker;
        return true;
    }

    /** The commit failed. */
    synchronized void unclaim(Job job) {
        job.committer = null;
        notifyAll();
    }

    /** The tile is durable: who else computes it is interrupted, and what it finds no longer counts. */
    synchronized void durable(Job job) {
        job.durable = true;
        job.holds.forEach((worker, hold) -> {
            if (!worker.equals(job.committer)) {
                hold.thread().interrupt();
            }
        });
    }

    /** The worker from which this one took the tile over; null if it has it alone. */
    synchronized @Nullable String lateOn(Job job, String worker) {
        String first = job.holds.keySet().iterator().next();
        return first.equals(worker) ? null : first;
    }

    synchronized boolean isCommitter(Job job, String worker) {
        return worker.equals(job.committer);
    }

    synchronized boolean isDurable(Job job) {
        return job.durable;
    }

    /** This worker is through with a tile that it or another one has computed. */
    synchronized void done(Job job, String worker) {
        land(job, worker);
    }

    /** Back to the front, for another worker. */
    synchronized void giveUp(Job job, String worker) {
        job.givenUpBy.add(worker);
        land(job, worker);
    }

    /** Back to the front, for anyone: the worker was stopped or lost, which says nothing about the tile. */
    synchronized void putBack(Job job, String worker) {
        land(job, worker);
    }

    synchronized void stop() {
        stopping = true;
        notifyAll();
    }

    synchronized boolean stopping() {
        return stopping;
    }

    /** Tiles in nobody's hands. */
    synchronized List<Tile> left() {
        return waiting.stream().map(Job::tile).toList();
    }

    /** How often a tile was taken by a worker after another one had given up on it. */
    synchronized int retaken() {
        return retaken;
    }

    private @Nullable Job removeFirstFor(String worker) {
        for (Iterator<Job> jobs = waiting.iterator(); jobs.hasNext(); ) {
            Job job = jobs.next();
            if (!job.givenUpBy.contains(worker)) {
                jobs.remove();
                return job;
            }
        }
        return null;
    }

    private @Nullable Job overdueFor(String worker, double nanosPerPair) {
        for (Job job : inFlight) { // those taken first come first
            if (nanosUntilOverdue(job, worker, nanosPerPair) <= 0) {
                return job;
            }
        }
        return null;
    }

    private long nanosUntilOverdue(String worker, double nanosPerPair) {
        if (nanosPerPair == 0) {
            return Long.MAX_VALUE;
        }
        return inFlight.stream()
                .mapToLong(job -> nanosUntilOverdue(job, worker, nanosPerPair))
                .min()
                .orElse(Long.MAX_VALUE);
    }

    private static long nanosUntilOverdue(Job job, String worker, double nanosPerPair) {
        if (job.givenUpBy.contains(worker) || job.committer != null || job.holds.size() >= MOST_HOLDERS) {
            return Long.MAX_VALUE;
        }
        long since = job.holds.values().iterator().next().since();
        double patience = Math.max(SHORTEST_PATIENCE_NANOS, PATIENCE * nanosPerPair * job.pairs);
        return (long) patience - (System.nanoTime() - since);
    }

    private Job hold(Job job, String worker) {
        if (!job.givenUpBy.isEmpty()) {
            retaken++;
        }
        job.holds.put(worker, new Hold(Thread.currentThread(), System.nanoTime()));
        inFlight.add(job);
        return job;
    }

    /** The caller's thread no longer computes this tile, so an interrupt that meant the tile must not hit the next one. */
    private void land(Job job, String worker) {
        job.holds.remove(worker);
        if (job.durable) {
            Thread.interrupted();
        }
        if (job.holds.isEmpty()) {
            inFlight.remove(job);
            if (!job.durable) {
                waiting.addFirst(job);
            }
        }
        notifyAll();
    }
}

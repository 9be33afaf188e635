package cntk.schedule;

import cntk.plan.Tile;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The tiles still to be done. A tile is in the queue or with exactly one worker; a worker that finds nothing waits as long as
 * a tile may come back from another one.
 */
final class TileQueue {
    /** A tile and the workers that have given up on it. */
    static final class Job {
        private final Tile tile;
        private final Set<String> givenUpBy = new HashSet<>();

        private Job(Tile tile) {
            this.tile = tile;
        }

        Tile tile() {
            return tile;
        }

        /** Whether another worker has tried before. */
        boolean triedElsewhere() {
            return !givenUpBy.isEmpty();
        }
    }

    private final Deque<Job> waiting = new ArrayDeque<>();
    private int inFlight;
    private boolean stopping;

    TileQueue(List<Tile> tiles) {
        tiles.forEach(tile -> waiting.add(new Job(tile)));
    }

    /** The next tile that this worker has not given up on; null if there will be none. An interrupt alone does not end it. */
    synchronized @Nullable Job take(String worker) {
        while (!stopping) {
            Job job = removeFirstFor(worker);
            if (job != null) {
                inFlight++;
                return job;
            }
            if (inFlight == 0) {
                return null;
            }
            try {
                wait();
            } catch (InterruptedException _) {
                // a stop sets the flag before it interrupts; nothing else may end a worker
            }
        }
        return null;
    }

    synchronized void done() {
        landed();
    }

    /** The tile goes to the front, for another worker. */
    synchronized void giveUp(Job job, String worker) {
        job.givenUpBy.add(worker);
        waiting.addFirst(job);
        landed();
    }

    /** The tile goes to the front, for anyone: the worker was stopped or lost, which says nothing about the tile. */
    synchronized void putBack(Job job) {
        waiting.addFirst(job);
        landed();
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

    private void landed() {
        inFlight--;
        notifyAll();
    }
}

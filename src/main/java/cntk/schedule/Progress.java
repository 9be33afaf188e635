package cntk.schedule;

import cntk.plan.Tile;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalDouble;
import java.util.function.LongSupplier;

/**
 * How far the work is, how fast it goes and how long it will take; of one matrix or of several, one after the other. The
 * rate is that of the last half minute (of the last eight tiles, where that is longer). Safe for many threads.
 */
public final class Progress implements ProgressListener {
    private static final double WINDOW_NANOS = 30e9;
    private static final int WINDOW_TILES = 8;

    /** @param pairs done by then, in this run */
    private record Sample(long nanos, long pairs) {}

    private final long totalPairs;
    private final LongSupplier nanoClock;
    private final Deque<Sample> window = new ArrayDeque<>();
    private long storedPairs;
    private long computedPairs;

    /** @param totalPairs of all matrices, those included that an earlier run has left in the store */
    public Progress(long totalPairs) {
        this(totalPairs, System::nanoTime);
    }

    Progress(long totalPairs, LongSupplier nanoClock) {
        this.totalPairs = totalPairs;
        this.nanoClock = nanoClock;
    }

    /** The clock of the rate starts here, and afresh with every matrix: what lies between them is not computing. */
    @Override
    public synchronized void started(Work work, Work stored) {
        storedPairs += stored.pairs();
        window.clear();
        window.add(new Sample(nanoClock.getAsLong(), computedPairs));
    }

    @Override
    public synchronized void tileDone(Tile tile, long pairs, String worker) {
        computedPairs += pairs;
        long now = nanoClock.getAsLong();
        window.add(new Sample(now, computedPairs));
        while (window.size() > WINDOW_TILES + 1 && now - window.getFirst().nanos() > WINDOW_NANOS) {
            window.removeFirst();
        }
    }

    public long totalPairs() {
        return totalPairs;
    }

    /** Pairs in the store, from this run and from earlier ones. */
    public synchronized long donePairs() {
        return storedPairs + computedPairs;
    }

    /** Empty until the first tile is done. */
    public synchronized OptionalDouble pairsPerSecond() {
        if (window.size() < 2) {
            return OptionalDouble.empty();
        }
        Sample first = window.getFirst();
        Sample last = window.getLast();
        // Up to the last tile, or the rate would sag between any two; but a silence longer than the window does count.
        double silence = Math.max(0, nanoClock.getAsLong() - last.nanos() - WINDOW_NANOS);
        double nanos = Math.max(1, last.nanos() - first.nanos() + silence);
        return OptionalDouble.of((last.pairs() - first.pairs()) / nanos * 1e9);
    }

    /** Estimated from the rate; empty until the first tile is done. */
    public synchronized OptionalDouble secondsLeft() {
        OptionalDouble rate = pairsPerSecond();
        if (rate.isEmpty()) {
            return rate;
        }
        double sinceLastTile = (nanoClock.getAsLong() - window.getLast().nanos()) / 1e9;
        double left = (totalPairs - donePairs()) / rate.getAsDouble();
        return OptionalDouble.of(Math.max(0, left - sinceLastTile));
    }
}

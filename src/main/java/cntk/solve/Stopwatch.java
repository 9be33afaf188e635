package cntk.solve;

/** Seconds between laps. */
final class Stopwatch {
    private static final double NANOS = 1e9;

    private long start = System.nanoTime();

    /** Seconds since the last lap, or since the start. */
    double lap() {
        long now = System.nanoTime();
        double seconds = (now - start) / NANOS;
        start = now;
        return seconds;
    }
}

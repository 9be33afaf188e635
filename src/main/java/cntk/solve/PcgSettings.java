package cntk.solve;

import java.util.OptionalInt;

/**
 * How far an iterative solve goes.
 *
 * @param rank pivots of the preconditioner; empty for {@link #defaultRank}
 * @param tolerance relative residual |y - A x| / |y| that every class has to reach
 * @param iterations most iterations, those before a resume counted
 * @param checkpointSeconds time between checkpoints; 0 writes one after every iteration
 */
public record PcgSettings(OptionalInt rank, double tolerance, int iterations, double checkpointSeconds) {
    public static final double DEFAULT_TOLERANCE = 1e-8;
    public static final int DEFAULT_ITERATIONS = 1000;
    public static final double DEFAULT_CHECKPOINT_SECONDS = 60;

    private static final double RANK_PER_ROOT = 10;

    public PcgSettings {
        if (rank.isPresent() && rank.getAsInt() < 1) {
            throw new IllegalArgumentException("rank " + rank.getAsInt());
        }
        if (!(tolerance > 0) || !(tolerance < 1) || iterations < 1 || !(checkpointSeconds >= 0)) {
            throw new IllegalArgumentException("tolerance " + tolerance + ", iterations " + iterations);
        }
    }

    /** What is taken where nothing is asked for. */
    public static PcgSettings usual() {
        return new PcgSettings(OptionalInt.empty(), DEFAULT_TOLERANCE, DEFAULT_ITERATIONS, DEFAULT_CHECKPOINT_SECONDS);
    }

    /** The rank for n images. */
    public int rank(int n) {
        return Math.min(n, rank.orElse(defaultRank(n)));
    }

    private static int defaultRank(int n) {
        return (int) Math.ceil(RANK_PER_ROOT * Math.sqrt(n));
    }
}

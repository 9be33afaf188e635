package cntk.solve;

/** How fast this machine factorises: a measurement of a second or less. */
public final class SolveProbe {
    /** 0.1 s at 100 GFLOP/s; larger matrices run somewhat faster. */
    private static final int ORDER = 3072;

    private SolveProbe() {}

    /** Floating-point operations a second of a Cholesky factorisation in double, the second of two. */
    public static double flopsPerSecond(OpenBlas library, int threads) {
        library.setThreads(threads);
        double best = 0;
        for (int attempt = 0; attempt < 2; attempt++) {
            try (CholeskyStorage storage = new PackedStorage(library, ORDER)) {
                storage.addToDiagonal(1);
                long start = System.nanoTime();
                storage.factorise(SolveListener.NONE);
                best = Math.max(best, flops(ORDER) / ((System.nanoTime() - start) * 1e-9));
            }
        }
        return best;
    }

    /** Operations of a factorisation of order {@code n}: n^3 / 3. */
    public static double flops(long n) {
        return (double) n * n * n / 3;
    }
}

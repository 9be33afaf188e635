package cntk.solve;

import java.util.SplittableRandom;

/**
 * Whether V diag(e) V^T is A, from some random vectors x: V V^T x is x and V diag(e) V^T x is A x up to rounding. Independent of how V and
 * e were found, and A may be gone by then.
 */
final class EigenCheck implements AutoCloseable {
    private static final int PROBES = 4;

    private final Lapack lapack;
    private final double norm;
    private final NativeMatrix probes; // x, n x PROBES
    private final NativeMatrix images; // A x

    /** @param matrix A, lower triangle; only read here */
    EigenCheck(Lapack lapack, NativeMatrix matrix) {
        int n = matrix.rows();
        this.lapack = lapack;
        this.norm = lapack.oneNorm(matrix);
        this.probes = NativeMatrix.zeros(n, PROBES);
        this.images = NativeMatrix.zeros(n, PROBES);
        SplittableRandom random = new SplittableRandom(n); // the same in every run
        for (int col = 0; col < PROBES; col++) {
            for (int row = 0; row < n; row++) {
                probes.set(row, col, random.nextGaussian());
            }
        }
        lapack.symmetricProduct(1, matrix, probes, 0, images);
    }

    /** The larger of |V V^T x - x| / |x| and |V diag(e) V^T x - A x| / (|A|_1 |x|) over all probes; NaN if anything is not finite. */
    double error(NativeMatrix vectors, double[] values) {
        try (NativeMatrix modes = NativeMatrix.zeros(values.length, PROBES)) {
            lapack.product(1, vectors, true, probes, false, 0, modes);
            double strayed = distance(vectors, modes, probes) / Residual.length(probes);
            for (int col = 0; col < PROBES; col++) {
                for (int mode = 0; mode < values.length; mode++) {
                    modes.set(mode, col, values[mode] * modes.get(mode, col));
                }
            }
            double left = distance(vectors, modes, images);
            return Math.max(strayed, left == 0 ? 0 : left / (norm * Residual.length(probes)));
        }
    }

    /** |V M - X|. */
    private double distance(NativeMatrix vectors, NativeMatrix modes, NativeMatrix x) {
        try (NativeMatrix rest = NativeMatrix.copyOf(x)) {
            lapack.product(1, vectors, false, modes, false, -1, rest);
            return Residual.length(rest);
        }
    }

    @Override
    public void close() {
        probes.close();
        images.close();
    }
}

package cntk.solve;

import cntk.plan.Precision;
import cntk.plan.TilePlan;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** (K + ridge I) A = Y in rows, for solvers that read K tile by tile; tiles hold NaN below the diagonal, which nobody may read. */
record TiledProblem(double[][] kernel, double[][] targets) {
    private static final long SEED = 20_261_122L;
    private static final OpenBlas BLAS = OpenBlas.load();

    TiledMatrix tiles(int side) {
        TilePlan plan = new TilePlan(kernel.length, kernel.length, side, true);
        return new TiledMatrix(
                plan,
                (tile, out) -> {
                    for (int row = 0; row < tile.rows(); row++) {
                        for (int col = 0; col < tile.cols(); col++) {
                            boolean lower = tile.rowBegin() + row > tile.colBegin() + col;
                            out[row * tile.cols() + col] =
                                    lower ? Double.NaN : kernel[tile.rowBegin() + row][tile.colBegin() + col];
                        }
                    }
                },
                Precision.F64);
    }

    /** (K + ridge I)^-1 Y by Cholesky. */
    double[][] direct(double ridge) {
        try (NativeMatrix y = DenseMatrices.nativeCopy(targets)) {
            new KernelRidge(BLAS, 1).solve(DenseMatrices.kernel(kernel), y, ridge, Precision.F64);
            return DenseRows.of(y);
        }
    }

    /** K = V diag(e) V^T for random orthonormal V; rows of the exact symmetric matrix. */
    static double[][] ofSpectrum(double[] eigenvalues, long seed) {
        int n = eigenvalues.length;
        double[][] v = DenseMatrices.random(n, n, seed);
        for (int row = 0; row < n; row++) { // Gram-Schmidt, twice
            for (int pass = 0; pass < 2; pass++) {
                for (int before = 0; before < row; before++) {
                    double dot = 0;
                    for (int k = 0; k < n; k++) {
                        dot += v[row][k] * v[before][k];
                    }
                    for (int k = 0; k < n; k++) {
                        v[row][k] -= dot * v[before][k];
                    }
                }
                double norm = Math.sqrt(Arrays.stream(v[row]).map(x -> x * x).sum());
                for (int k = 0; k < n; k++) {
                    v[row][k] /= norm;
                }
            }
        }
        double[][] kernel = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                for (int k = 0; k < n; k++) {
                    kernel[i][j] += eigenvalues[k] * v[k][i] * v[k][j];
                }
                kernel[j][i] = kernel[i][j];
            }
        }
        return kernel;
    }

    /** Eigenvalues k^-power, as kernels of images have them. */
    static TiledProblem decaying(int n, double power, int classes) {
        double[] eigenvalues = new double[n];
        Arrays.setAll(eigenvalues, k -> Math.pow(k + 1, -power));
        return new TiledProblem(ofSpectrum(eigenvalues, SEED), DenseMatrices.random(n, classes, SEED + 1));
    }

    static PcgSettings settings(int rank, double tolerance, int iterations) {
        return new PcgSettings(OptionalInt.of(rank), tolerance, iterations, 1e9);
    }

    /** What a solve gave. */
    record Answer(PcgReport report, double[][] coefficients) {}

    Answer solve(int side, double ridge, PcgSettings settings, int threads) {
        return solve(side, ridge, settings, threads, null, () -> false);
    }

    Answer solve(
            int side,
            double ridge,
            PcgSettings settings,
            int threads,
            @Nullable PcgCheckpoint checkpoint,
            BooleanSupplier stop) {
        try (NativeMatrix y = DenseMatrices.nativeCopy(targets)) {
            PcgReport report = new ConjugateGradients(BLAS, threads, settings, PcgListener.none(), stop)
                    .solve(tiles(side), y, ridge, checkpoint);
            return new Answer(report, DenseRows.of(y));
        }
    }

    /** Largest difference of the training predictions K A. */
    double difference(double[][] a, double[][] b) {
        double[][] left = DenseMatrices.product(kernel, a);
        double[][] right = DenseMatrices.product(kernel, b);
        double largest = 0;
        for (int row = 0; row < left.length; row++) {
            for (int col = 0; col < left[0].length; col++) {
                largest = Math.max(largest, Math.abs(left[row][col] - right[row][col]));
            }
        }
        return largest;
    }
}

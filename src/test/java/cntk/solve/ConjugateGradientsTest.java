package cntk.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import cntk.dataset.InputException;
import cntk.plan.Precision;
import cntk.plan.TilePlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConjugateGradientsTest {
    private static final long SEED = 20_261_122L;
    private static final OpenBlas BLAS = OpenBlas.load();

    @TempDir
    Path temporary;

    /** K and Y in rows; tiles hold NaN below the diagonal, which nobody may read. */
    private record Problem(double[][] kernel, double[][] targets) {
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
    }

    /** K = V diag(e) V^T for random orthonormal V; rows of the exact symmetric matrix. */
    private static double[][] ofSpectrum(double[] eigenvalues, long seed) {
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
    private static Problem decaying(int n, double power, int classes) {
        double[] eigenvalues = new double[n];
        Arrays.setAll(eigenvalues, k -> Math.pow(k + 1, -power));
        return new Problem(ofSpectrum(eigenvalues, SEED), DenseMatrices.random(n, classes, SEED + 1));
    }

    private static PcgSettings settings(int rank, double tolerance, int iterations) {
        return new PcgSettings(OptionalInt.of(rank), tolerance, iterations, 1e9);
    }

    private record Answer(PcgReport report, double[][] coefficients) {}

    private static Answer solve(Problem problem, int side, double ridge, PcgSettings settings, int threads) {
        return solve(problem, side, ridge, settings, threads, null, () -> false);
    }

    private static Answer solve(
            Problem problem,
            int side,
            double ridge,
            PcgSettings settings,
            int threads,
            @org.jspecify.annotations.Nullable PcgCheckpoint checkpoint,
            BooleanSupplier stop) {
        try (NativeMatrix y = DenseMatrices.nativeCopy(problem.targets())) {
            PcgReport report = new ConjugateGradients(BLAS, threads, settings, PcgListener.none(), stop)
                    .solve(problem.tiles(side), y, ridge, checkpoint);
            return new Answer(report, DenseRows.of(y));
        }
    }

    /** Largest difference of the training predictions K A. */
    private static double difference(Problem problem, double[][] a, double[][] b) {
        double[][] left = DenseMatrices.product(problem.kernel(), a);
        double[][] right = DenseMatrices.product(problem.kernel(), b);
        double largest = 0;
        for (int row = 0; row < left.length; row++) {
            for (int col = 0; col < left[0].length; col++) {
                largest = Math.max(largest, Math.abs(left[row][col] - right[row][col]));
            }
        }
        return largest;
    }

    @ParameterizedTest(name = "n = {0}, tiles of {1}, {2} classes, rank {3}, ridge {4}")
    @CsvSource({
        "1, 16, 1, 1, 0",
        "2, 1, 3, 1, 0.1",
        "33, 16, 10, 5, 0",
        "100, 32, 1, 10, 0.01",
        "127, 16, 10, 20, 0",
        "200, 48, 7, 1, 1"
    })
    void answersOfWellConditionedKernelsAreThoseOfCholesky(int n, int side, int classes, int rank, double ridge) {
        Problem problem = new Problem(
                DenseMatrices.randomPositiveDefinite(n, 0.1, SEED + n), DenseMatrices.random(n, classes, SEED));
        Answer answer = solve(problem, side, ridge, settings(rank, 1e-12, 500), 2);
        double[][] direct = problem.direct(ridge);
        for (int row = 0; row < n; row++) {
            assertThat(answer.coefficients()[row]).containsExactly(direct[row], within(1e-9));
        }
        assertThat(answer.report().largestResidual()).isLessThanOrEqualTo(1e-12);
        assertThat(answer.report().rank()).isEqualTo(Math.min(rank, n));
    }

    @ParameterizedTest(name = "eigenvalues k^-{0}, ridge {1}")
    @CsvSource({"3, 0", "3, 1e-6", "5, 1e-8", "5, 1e-4"})
    void predictionsOfIllConditionedKernelsAreThoseOfCholesky(double power, double ridge) {
        Problem problem = decaying(150, power, 10);
        Answer answer = solve(problem, 32, ridge, settings(40, PcgSettings.DEFAULT_TOLERANCE, 1000), 2);
        assertThat(difference(problem, answer.coefficients(), problem.direct(ridge)))
                .isLessThanOrEqualTo(1e-6)
                .isLessThanOrEqualTo(answer.report().predictionError());
        boolean bounded = answer.report().predictionError() <= 1e-6 * 5; // the largest target is below 5
        assertThat(bounded || answer.report().warnings().toString().contains("may still be off by"))
                .isTrue();
    }

    /** 8 groups of 12 images, I + strength[g] 1 1^T within group g: one pivot keeps the groups. */
    private static double[][] groups(double... strengths) {
        double[][] kernel = new double[96][96];
        for (int row = 0; row < 96; row++) {
            for (int col = 0; col < 96; col++) {
                kernel[row][col] = (row == col ? 1 : 0) + (row / 12 == col / 12 ? strengths[row / 12] : 0);
            }
        }
        return kernel;
    }

    /** Five distinct eigenvalues: two of the 7 equal groups, two of the pivot's group, and 1 for the pivot. */
    @ParameterizedTest(name = "{0} classes")
    @ValueSource(ints = {1, 2, 9})
    void iterationsAreAtMostTheNumberOfDistinctEigenvalues(int classes) {
        Problem problem = new Problem(groups(3, 3, 3, 3, 3, 3, 3, 3), DenseMatrices.random(96, classes, SEED));
        assertThat(solve(problem, 32, 0, settings(1, 1e-8, 500), 1).report().iterations())
                .isBetween(2, 5);
    }

    /** Seventeen distinct eigenvalues; a block of 9 fills the space of 96 dimensions in 11 iterations. */
    @Test
    void aBlockNeedsAtMostTheDimensionsByItsColumns() {
        double[][] kernel = groups(1, 2, 3, 4, 5, 6, 7, 8);
        Problem block = new Problem(kernel, DenseMatrices.random(96, 9, SEED));
        Problem vector = new Problem(kernel, DenseMatrices.random(96, 1, SEED));
        assertThat(solve(vector, 32, 0, settings(1, 1e-8, 500), 1).report().iterations())
                .isBetween(12, 17);
        assertThat(solve(block, 32, 0, settings(1, 1e-8, 500), 1).report().iterations())
                .isLessThanOrEqualTo(11);
    }

    @Test
    void manyIdenticalTargetsShareOneDirection() {
        Problem problem = decaying(90, 2, 1);
        double[][] copies = Arrays.stream(problem.targets())
                .map(row -> new double[] {row[0], -2 * row[0], 0, row[0]})
                .toArray(double[][]::new);
        Answer one = solve(problem, 16, 1e-3, settings(10, 1e-10, 500), 1);
        Answer four = solve(new Problem(problem.kernel(), copies), 16, 1e-3, settings(10, 1e-10, 500), 1);
        assertThat(four.report().iterations()).isEqualTo(one.report().iterations());
        for (int row = 0; row < 90; row++) {
            double expected = one.coefficients()[row][0];
            assertThat(four.coefficients()[row])
                    .containsExactly(new double[] {expected, -2 * expected, 0, expected}, within(1e-8));
        }
        assertThat(four.report().residuals().get(2)).isZero();
    }

    @ParameterizedTest(name = "ridge {0}")
    @ValueSource(doubles = {0, 1e-6, 0.3})
    void aPreconditionerOfFullRankIsExact(double ridge) {
        Problem problem = decaying(100, 3, 5);
        Answer answer = solve(problem, 32, ridge, settings(100, 1e-8, 500), 2);
        assertThat(answer.report().iterations()).isEqualTo(1);
        assertThat(answer.report().condition()).isCloseTo(1, within(1e-6));
    }

    @Test
    void aHigherRankNeedsFewerIterationsAndItsConditionIsSmaller() {
        Problem problem = decaying(200, 2, 3);
        Answer low = solve(problem, 64, 1e-4, settings(5, 1e-8, 500), 2);
        Answer high = solve(problem, 64, 1e-4, settings(80, 1e-8, 500), 2);
        assertThat(high.report().iterations()).isLessThan(low.report().iterations() / 2);
        assertThat(high.report().condition()).isLessThan(low.report().condition());
    }

    @Test
    void theConditionIsThatOfThePreconditionedMatrix() {
        // With one pivot and a constant diagonal of the Schur complement left aside, eq. 57: the preconditioner is
        // nearly diagonal.
        Problem problem = decaying(60, 2, 20);
        Answer answer = solve(problem, 16, 1e-3, settings(1, 1e-10, 500), 1);
        double[][] a = DenseMatrices.plusDiagonal(problem.kernel(), 1e-3);
        int pivot = -1;
        double best = 0;
        for (int candidate = 0; candidate < 60; candidate++) { // the pivot is drawn: the right one gives the condition
            double condition = jacobiCondition(a, candidate);
            if (pivot < 0
                    || Math.abs(condition - answer.report().condition())
                            < Math.abs(best - answer.report().condition())) {
                pivot = candidate;
                best = condition;
            }
        }
        assertThat(answer.report().condition()).isCloseTo(best, within(1e-6 * best));
    }

    /** Extreme eigenvalues of 1 and D^-1/2 S D^-1/2, S the Schur complement of one pivot and D its diagonal. */
    private static double jacobiCondition(double[][] a, int pivot) {
        int n = a.length;
        double[][] s = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                s[i][j] = a[i][j] - a[i][pivot] * a[j][pivot] / a[pivot][pivot];
            }
        }
        double[][] scaled = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                boolean unit = i == pivot || j == pivot;
                scaled[i][j] = unit ? (i == j ? 1 : 0) : s[i][j] / Math.sqrt(s[i][i] * s[j][j]);
            }
        }
        try (Spectrum spectrum = Spectrum.of(BLAS, DenseMatrices.kernel(scaled))) {
            return spectrum.largest() / spectrum.smallest();
        }
    }

    @Test
    void theBitsDoNotDependOnTheNumberOfThreads() {
        Problem problem = decaying(130, 3, 10);
        Answer one = solve(problem, 16, 1e-7, settings(25, 1e-8, 500), 1);
        Answer three = solve(problem, 16, 1e-7, settings(25, 1e-8, 500), 3);
        assertThat(three.coefficients()).isDeepEqualTo(one.coefficients());
        assertThat(three.report().bytesRead()).isEqualTo(one.report().bytesRead());
    }

    @Test
    void bytesReadAreThoseOfTheTiles() {
        AtomicInteger entries = new AtomicInteger();
        Problem problem = decaying(70, 2, 2);
        TiledMatrix tiles = problem.tiles(16);
        TiledMatrix counting = new TiledMatrix(
                tiles.plan(),
                (tile, out) -> {
                    entries.addAndGet(tile.entries());
                    tiles.reader().read(tile, out);
                },
                Precision.F32);
        try (NativeMatrix y = DenseMatrices.nativeCopy(problem.targets())) {
            PcgReport report = new ConjugateGradients(BLAS, 2, settings(10, 1e-8, 500), PcgListener.none(), () -> false)
                    .solve(counting, y, 0.01, null);
            assertThat(report.bytesRead()).isEqualTo(4L * entries.get());
            assertThat(report.preconditionerBytes()).isPositive().isLessThan(report.bytesRead());
        }
    }

    @ParameterizedTest(name = "stopped at reading {0}")
    @ValueSource(ints = {40, 400, 700})
    void aStoppedSolveGoesOnToTheSameBits(int readings) throws IOException {
        Problem problem = decaying(120, 3, 10);
        PcgSettings settings = settings(10, 1e-8, 500);
        Answer undisturbed = solve(problem, 16, 0, settings, 1);
        Path folder = Files.createDirectory(temporary.resolve("run" + readings));
        PcgCheckpoint checkpoint = new PcgCheckpoint(folder);
        AtomicInteger left = new AtomicInteger(readings);
        assertThatThrownBy(() -> solve(problem, 16, 0, settings, 1, checkpoint, () -> left.decrementAndGet() < 0))
                .isInstanceOf(SolveStoppedException.class);
        Answer resumed = solve(problem, 16, 0, settings, 2, checkpoint, () -> false);
        assertThat(resumed.coefficients()).isDeepEqualTo(undisturbed.coefficients());
        assertThat(resumed.report().iterations()).isEqualTo(undisturbed.report().iterations());
        assertThat(resumed.report().condition()).isEqualTo(undisturbed.report().condition());
        assertThat(resumed.report().resumedAt() > 0).isEqualTo(Files.exists(folder.resolve(PcgCheckpoint.FILE_NAME)));
        assertThat(readings < 400 || resumed.report().resumedAt() > 0).isTrue();
    }

    /** What a process leaves that dies between two checkpoints. */
    @Test
    void aSolveThatDiedGoesOnFromItsLastCheckpointToTheSameBits() {
        Problem problem = decaying(120, 3, 10);
        PcgSettings everyIteration = new PcgSettings(OptionalInt.of(10), 1e-8, 500, 0);
        Answer undisturbed = solve(problem, 16, 0, everyIteration, 1);
        PcgCheckpoint checkpoint = new PcgCheckpoint(temporary);
        AtomicInteger left = new AtomicInteger(550);
        assertThatThrownBy(() -> solve(problem, 16, 0, everyIteration, 1, checkpoint, () -> {
                    if (left.decrementAndGet() < 0) {
                        throw new IllegalStateException("power cut");
                    }
                    return false;
                }))
                .hasMessage("power cut");
        Answer resumed = solve(problem, 16, 0, everyIteration, 2, checkpoint, () -> false);
        assertThat(resumed.report().resumedAt()).isPositive();
        assertThat(resumed.coefficients()).isDeepEqualTo(undisturbed.coefficients());
        assertThat(resumed.report().residuals()).isEqualTo(undisturbed.report().residuals());
    }

    @Test
    void aDamagedCheckpointIsRefused() throws IOException {
        Problem problem = decaying(80, 3, 4);
        PcgSettings everyIteration = new PcgSettings(OptionalInt.of(5), 1e-8, 500, 0);
        PcgCheckpoint checkpoint = new PcgCheckpoint(temporary);
        solve(problem, 16, 1e-6, everyIteration, 1, checkpoint, () -> false);
        Path file = temporary.resolve(PcgCheckpoint.FILE_NAME);
        byte[] whole = Files.readAllBytes(file);
        for (int damage : new int[] {3, 45, 60, whole.length / 2, whole.length - 1}) {
            byte[] flipped = whole.clone();
            flipped[damage] ^= 4;
            Files.write(file, flipped);
            assertThatThrownBy(() -> solve(problem, 16, 1e-6, everyIteration, 1, checkpoint, () -> false))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining(file.toString())
                    .hasMessageContaining("damaged")
                    .hasMessageContaining("hint: delete it");
        }
        Files.write(file, Arrays.copyOf(whole, whole.length - 100));
        assertThatThrownBy(() -> solve(problem, 16, 1e-6, everyIteration, 1, checkpoint, () -> false))
                .hasMessageContaining("damaged");
        checkpoint.delete();
        assertThat(temporary).isEmptyDirectory();
    }

    @Test
    void aCheckpointOfOtherEquationsIsNotUsedAndOneOfAnotherRankGivesItsSolution() {
        Problem problem = decaying(100, 3, 4);
        PcgCheckpoint checkpoint = new PcgCheckpoint(temporary);
        assertThatThrownBy(() -> solve(problem, 16, 1e-6, settings(5, 1e-8, 9), 1, checkpoint, () -> false))
                .isInstanceOf(NoConvergenceException.class)
                .hasMessageContaining("has not converged in 9 iterations");
        Answer other = solve(problem, 16, 1e-3, settings(5, 1e-8, 500), 1, checkpoint, () -> false);
        assertThat(other.report().resumedAt()).isZero();
        Answer rank = solve(problem, 16, 1e-6, settings(50, 1e-8, 500), 1, checkpoint, () -> false);
        assertThat(rank.report().resumedAt()).isEqualTo(9);
        assertThat(difference(problem, rank.coefficients(), problem.direct(1e-6)))
                .isLessThanOrEqualTo(5e-6);
    }

    @Test
    void copiesOfAnImageWithoutRidgeAreRefusedAndNamed() {
        Problem problem = decaying(60, 2, 3);
        double[][] kernel = problem.kernel();
        for (int row = 0; row < 60; row++) {
            kernel[row][59] = kernel[row][7];
        }
        kernel[59] = kernel[7].clone();
        kernel[59][59] = kernel[7][7];
        assertThatThrownBy(() -> solve(problem, 16, 0, settings(60, 1e-8, 500), 1))
                .isInstanceOf(NoConvergenceException.class)
                .hasMessageContaining("singular to double precision")
                .hasMessageContaining("training image 59")
                .hasMessageContaining("hint: use a ridge");
        assertThat(solve(problem, 16, 1e-3, settings(10, 1e-8, 500), 1).report().largestResidual())
                .isLessThanOrEqualTo(1e-8);
    }

    @Test
    void singularKernelsWithoutRidgeGiveNoAnswer() {
        for (double power :
                new double[] {9, 14, 20}) { // least eigenvalues 1e-20, 1e-30, ...: noise in double precision
            Problem problem = decaying(120, power, 3);
            assertThatThrownBy(() -> solve(problem, 16, 0, settings(10, 1e-8, 300), 1))
                    .isInstanceOf(NoConvergenceException.class)
                    .hasMessageContaining("ridge 0.0")
                    .hasMessageContaining("hint:");
        }
    }

    @Test
    void indefiniteKernelsGiveNoAnswer() {
        double[] eigenvalues = new double[80];
        Arrays.setAll(eigenvalues, k -> k == 79 ? -0.5 : 1 + k / 80.0);
        Problem problem = new Problem(ofSpectrum(eigenvalues, SEED), DenseMatrices.random(80, 2, SEED));
        assertThatThrownBy(() -> solve(problem, 16, 0, settings(3, 1e-8, 300), 1))
                .isInstanceOf(NoConvergenceException.class);
    }

    @Test
    void nonFiniteEntriesAreNamed() {
        Problem problem = decaying(50, 2, 2);
        problem.kernel()[20][41] = Double.POSITIVE_INFINITY;
        assertThatThrownBy(() -> solve(problem, 16, 0.1, settings(5, 1e-8, 100), 2))
                .isInstanceOf(NonFiniteKernelException.class)
                .hasMessageContaining("20")
                .hasMessageContaining("41");
    }

    @Test
    void targetsOfZerosHaveAnAnswerOfZeros() {
        Problem problem = new Problem(decaying(40, 2, 1).kernel(), new double[40][3]);
        Answer answer = solve(problem, 16, 0, settings(5, 1e-8, 100), 1);
        assertThat(answer.report().iterations()).isZero();
        assertThat(answer.coefficients()).isDeepEqualTo(new double[40][3]);
    }
}

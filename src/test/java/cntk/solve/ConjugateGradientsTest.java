package cntk.solve;

import static cntk.solve.TiledProblem.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import cntk.plan.Precision;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConjugateGradientsTest {
    private static final long SEED = 20_261_122L;
    private static final OpenBlas BLAS = OpenBlas.load();

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
        TiledProblem problem = new TiledProblem(
                DenseMatrices.randomPositiveDefinite(n, 0.1, SEED + n), DenseMatrices.random(n, classes, SEED));
        TiledProblem.Answer answer = problem.solve(side, ridge, settings(rank, 1e-12, 500), 2);
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
        TiledProblem problem = TiledProblem.decaying(150, power, 10);
        TiledProblem.Answer answer = problem.solve(32, ridge, settings(40, PcgSettings.DEFAULT_TOLERANCE, 1000), 2);
        assertThat(problem.difference(answer.coefficients(), problem.direct(ridge)))
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
        TiledProblem problem =
                new TiledProblem(groups(3, 3, 3, 3, 3, 3, 3, 3), DenseMatrices.random(96, classes, SEED));
        assertThat(problem.solve(32, 0, settings(1, 1e-8, 500), 1).report().iterations())
                .isBetween(2, 5);
    }

    /** Seventeen distinct eigenvalues; a block of 9 fills the space of 96 dimensions in 11 iterations. */
    @Test
    void aBlockNeedsAtMostTheDimensionsByItsColumns() {
        double[][] kernel = groups(1, 2, 3, 4, 5, 6, 7, 8);
        TiledProblem block = new TiledProblem(kernel, DenseMatrices.random(96, 9, SEED));
        TiledProblem vector = new TiledProblem(kernel, DenseMatrices.random(96, 1, SEED));
        assertThat(vector.solve(32, 0, settings(1, 1e-8, 500), 1).report().iterations())
                .isBetween(12, 17);
        assertThat(block.solve(32, 0, settings(1, 1e-8, 500), 1).report().iterations())
                .isLessThanOrEqualTo(11);
    }

    @Test
    void manyIdenticalTargetsShareOneDirection() {
        TiledProblem problem = TiledProblem.decaying(90, 2, 1);
        double[][] copies = Arrays.stream(problem.targets())
                .map(row -> new double[] {row[0], -2 * row[0], 0, row[0]})
                .toArray(double[][]::new);
        TiledProblem.Answer one = problem.solve(16, 1e-3, settings(10, 1e-10, 500), 1);
        TiledProblem.Answer four =
                new TiledProblem(problem.kernel(), copies).solve(16, 1e-3, settings(10, 1e-10, 500), 1);
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
        TiledProblem problem = TiledProblem.decaying(100, 3, 5);
        TiledProblem.Answer answer = problem.solve(32, ridge, settings(100, 1e-8, 500), 2);
        assertThat(answer.report().iterations()).isEqualTo(1);
        assertThat(answer.report().condition()).isCloseTo(1, within(1e-6));
    }

    @Test
    void aHigherRankNeedsFewerIterationsAndItsConditionIsSmaller() {
        TiledProblem problem = TiledProblem.decaying(200, 2, 3);
        TiledProblem.Answer low = problem.solve(64, 1e-4, settings(5, 1e-8, 500), 2);
        TiledProblem.Answer high = problem.solve(64, 1e-4, settings(80, 1e-8, 500), 2);
        assertThat(high.report().iterations()).isLessThan(low.report().iterations() / 2);
        assertThat(high.report().condition()).isLessThan(low.report().condition());
    }

    @Test
    void theConditionIsThatOfThePreconditionedMatrix() {
        // With one pivot and a constant diagonal of the Schur complement left aside, eq. 57: the preconditioner is
        // nearly diagonal.
        TiledProblem problem = TiledProblem.decaying(60, 2, 20);
        TiledProblem.Answer answer = problem.solve(16, 1e-3, settings(1, 1e-10, 500), 1);
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
        TiledProblem problem = TiledProblem.decaying(130, 3, 10);
        TiledProblem.Answer one = problem.solve(16, 1e-7, settings(25, 1e-8, 500), 1);
        TiledProblem.Answer three = problem.solve(16, 1e-7, settings(25, 1e-8, 500), 3);
        assertThat(three.coefficients()).isDeepEqualTo(one.coefficients());
        assertThat(three.report().bytesRead()).isEqualTo(one.report().bytesRead());
    }

    @Test
    void bytesReadAreThoseOfTheTiles() {
        AtomicInteger entries = new AtomicInteger();
        TiledProblem problem = TiledProblem.decaying(70, 2, 2);
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

    @Test
    void copiesOfAnImageWithoutRidgeAreRefusedAndNamed() {
        TiledProblem problem = TiledProblem.decaying(60, 2, 3);
        double[][] kernel = problem.kernel();
        for (int row = 0; row < 60; row++) {
            kernel[row][59] = kernel[row][7];
        }
        kernel[59] = kernel[7].clone();
        kernel[59][59] = kernel[7][7];
        assertThatThrownBy(() -> problem.solve(16, 0, settings(60, 1e-8, 500), 1))
                .isInstanceOf(NoConvergenceException.class)
                .hasMessageContaining("singular to double precision")
                .hasMessageContaining("training image 59")
                .hasMessageContaining("hint: use a ridge");
        assertThat(problem.solve(16, 1e-3, settings(10, 1e-8, 500), 1).report().largestResidual())
                .isLessThanOrEqualTo(1e-8);
    }

    @Test
    void singularKernelsWithoutRidgeGiveNoAnswer() {
        for (double power :
                new double[] {9, 14, 20}) { // least eigenvalues 1e-20, 1e-30, ...: noise in double precision
            TiledProblem problem = TiledProblem.decaying(120, power, 3);
            assertThatThrownBy(() -> problem.solve(16, 0, settings(10, 1e-8, 300), 1))
                    .isInstanceOf(NoConvergenceException.class)
                    .hasMessageContaining("ridge 0.0")
                    .hasMessageContaining("hint:");
        }
    }

    @Test
    void indefiniteKernelsGiveNoAnswer() {
        double[] eigenvalues = new double[80];
        Arrays.setAll(eigenvalues, k -> k == 79 ? -0.5 : 1 + k / 80.0);
        TiledProblem problem =
                new TiledProblem(TiledProblem.ofSpectrum(eigenvalues, SEED), DenseMatrices.random(80, 2, SEED));
        assertThatThrownBy(() -> problem.solve(16, 0, settings(3, 1e-8, 300), 1))
                .isInstanceOf(NoConvergenceException.class);
    }

    @Test
    void nonFiniteEntriesAreNamed() {
        TiledProblem problem = TiledProblem.decaying(50, 2, 2);
        problem.kernel()[20][41] = Double.POSITIVE_INFINITY;
        assertThatThrownBy(() -> problem.solve(16, 0.1, settings(5, 1e-8, 100), 2))
                .isInstanceOf(NonFiniteKernelException.class)
                .hasMessageContaining("20")
                .hasMessageContaining("41");
    }

    @Test
    void targetsOfZerosHaveAnAnswerOfZeros() {
        TiledProblem problem = new TiledProblem(TiledProblem.decaying(40, 2, 1).kernel(), new double[40][3]);
        TiledProblem.Answer answer = problem.solve(16, 0, settings(5, 1e-8, 100), 1);
        assertThat(answer.report().iterations()).isZero();
        assertThat(answer.coefficients()).isDeepEqualTo(new double[40][3]);
    }
}

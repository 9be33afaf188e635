package cntk.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cntk.dataset.Labels;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RidgePathTest {
    private static final double[] RIDGES = {1e-3, 0.02, 1, 30};

    private interface Check {
        void with(RegressionProblem problem, SpectralRegression regression);
    }

    private static void problem(int n, int outputs, Check check) {
        RegressionProblem problem = RegressionProblem.random(n, 3, outputs, 7L * n + outputs);
        try (Spectrum spectrum = Spectrum.of(OpenBlas.load(), problem.source());
                NativeMatrix targets = DenseMatrices.nativeCopy(problem.targets());
                SpectralRegression regression = new SpectralRegression(spectrum, targets)) {
            check.with(problem, regression);
        }
    }

    @ParameterizedTest
    @CsvSource({"2, 1", "5, 3", "23, 1", "40, 4"})
    void leaveOneOutErrorsEqualThoseOfRefits(int n, int outputs) {
        problem(n, outputs, (problem, regression) -> {
            List<int[]> alone =
                    IntStream.range(0, n).mapToObj(image -> new int[] {image}).toList();
            List<RidgePath.Point> points = new RidgePath(regression).errors(RIDGES, List.of());
            for (int at = 0; at < RIDGES.length; at++) {
                double refitted = problem.leftOutError(RIDGES[at], alone);
                assertThat(points.get(at).looMse()).isCloseTo(refitted, within(1e-10 * refitted));
                assertThat(points.get(at).heldOutMse()).isNaN();
            }
        });
    }

    @ParameterizedTest
    @CsvSource({"5, 3, 2", "23, 1, 5", "40, 4, 3"})
    void heldOutErrorsEqualThoseOfRefits(int n, int outputs, int parts) {
        problem(n, outputs, (problem, regression) -> {
            List<int[]> folds = new Folds(n, Labels.NONE, 5).split(parts);
            List<RidgePath.Point> points = new RidgePath(regression).errors(RIDGES, folds);
            for (int at = 0; at < RIDGES.length; at++) {
                double refitted = problem.leftOutError(RIDGES[at], folds);
                assertThat(points.get(at).heldOutMse()).isCloseTo(refitted, within(1e-10 * refitted));
            }
        });
    }

    @Test
    void aFoldMayBeAlone() {
        problem(12, 2, (problem, regression) -> {
            List<int[]> fold = List.of(new int[] {1, 4, 9});
            double refitted = problem.leftOutError(0.1, fold);
            assertThat(new RidgePath(regression)
                            .errors(new double[] {0.1}, fold)
                            .getFirst()
                            .heldOutMse())
                    .isCloseTo(refitted, within(1e-12 * refitted));
        });
    }

    @Test
    void theGridLeavesOutRidgesThatRoundingSwallows() {
        double[][] ones = new double[20][20]; // one eigenvalue 20, nineteen of rounding
        for (double[] row : ones) {
            Arrays.fill(row, 1.0);
        }
        try (Spectrum spectrum = Spectrum.of(OpenBlas.load(), DenseMatrices.kernel(ones));
                NativeMatrix targets = NativeMatrix.zeros(20, 1);
                SpectralRegression regression = new SpectralRegression(spectrum, targets)) {
            double[] grid = new RidgePath(regression).grid();
            assertThat(grid).isSorted();
            assertThat(Arrays.stream(grid).allMatch(spectrum::positiveDefinite)).isTrue();
            assertThat(grid[0]).isGreaterThan(1e-16);
            assertThat(grid[grid.length - 1]).isCloseTo(100, within(1e-9));
        }
    }

    @Test
    void theBestIsTheLeastError() {
        List<RidgePath.Point> points = List.of(
                new RidgePath.Point(1, 0.5, 0.2), new RidgePath.Point(2, 0.4, 0.3), new RidgePath.Point(3, 0.4, 0.1));
        assertThat(RidgePath.best(points, false).ridge()).isEqualTo(2);
        assertThat(RidgePath.best(points, true).ridge()).isEqualTo(3);
    }

    @Test
    void coefficientsOfTheFilterAreThoseOfTheInverse() {
        problem(17, 3, (problem, regression) -> {
            double[][] expected = problem.coefficients(0.3);
            try (NativeMatrix coefficients = regression.apply(List.of(value -> 0, value -> 1 / (value + 0.3)))) {
                for (int image = 0; image < 17; image++) {
                    for (int output = 0; output < 3; output++) {
                        assertThat(coefficients.get(image, output)).isZero();
                        assertThat(coefficients.get(image, 3 + output))
                                .isCloseTo(expected[image][output], within(1e-12));
                    }
                }
            }
        });
    }
}

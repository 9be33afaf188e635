package cntk.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import cntk.plan.Precision;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KernelRidgeTest {
    private static final long SEED = 20_240_601;
    private final KernelRidge ridge = new KernelRidge(OpenBlas.load(), 2);

    @ParameterizedTest(name = "n = {0}, ridge {1}, {2} right sides")
    @CsvSource({"1, 0, 1", "2, 0, 3", "3, 0.5, 2", "31, 0, 10", "32, 0.25, 10", "33, 0, 2", "200, 0, 10", "200, 3, 1"})
    void coefficientsEqualThoseOfGaussJordan(int n, double shift, int columns) {
        double[][] k = DenseMatrices.randomPositiveDefinite(n, 0.1, SEED + n);
        double[][] y = DenseMatrices.random(n, columns, SEED - n);
        double[][] expected = DenseMatrices.product(DenseMatrices.inverse(DenseMatrices.plusDiagonal(k, shift)), y);
        try (NativeMatrix targets = DenseMatrices.nativeCopy(y)) {
            RidgeSolution solution = ridge.solve(DenseMatrices.kernel(k), targets, shift, Precision.F64);
            assertThat(solution.coefficients()).isSameAs(targets);
            assertThat(solution.warnings()).isEmpty();
            double largest = DenseMatrices.oneNorm(expected);
            for (int row = 0; row < n; row++) {
                for (int col = 0; col < columns; col++) {
                    assertThat(targets.get(row, col)).isCloseTo(expected[row][col], within(1e-12 * largest));
                }
            }
        }
    }

    @ParameterizedTest(name = "n = {0}")
    @ValueSource(ints = {1, 2, 3, 31, 32, 33, 200})
    void conditionIsWithinAFactorThreeOfTheExactOne(int n) {
        for (double shift : new double[] {1e-6, 1e-3, 1}) {
            double[][] k = DenseMatrices.randomPositiveDefinite(n, shift, SEED + n);
            double exact = DenseMatrices.oneNorm(k) * DenseMatrices.oneNorm(DenseMatrices.inverse(k));
            try (CholeskyFactor factor = ridge.factorise(DenseMatrices.kernel(k), 0)) {
                assertThat(factor.conditionNumber()).isBetween(exact / 3, exact * (1 + 1e-6));
            }
        }
    }

    @Test
    void pivotAndDeterminantAreThoseOfAKnownMatrix() {
        double[][] k = {{4, 2}, {2, 10}}; // L = (2, 0; 1, 3)
        try (CholeskyFactor factor = ridge.factorise(DenseMatrices.kernel(k), 0)) {
            assertThat(factor.smallestPivot()).isCloseTo(4, within(1e-15));
            assertThat(factor.logDeterminant()).isCloseTo(Math.log(36), within(1e-14));
        }
    }

    @ParameterizedTest(name = "n = {0}")
    @ValueSource(ints = {2, 3, 33, 200})
    void duplicateImagesAreNamedWithTheSmallestRidgeThatHelps(int n) {
        double[][] k = DenseMatrices.randomPositiveDefinite(n, 0.1, SEED + n);
        int copy = n - 1;
        k[copy] = k[0].clone();
        for (int row = 0; row < n; row++) {
            k[row][copy] = k[row][0];
        }
        k[copy][copy] = k[0][0] - 1e-9 * k[0][0]; // what rounding does to a copy: just below zero
        NotPositiveDefiniteException error = failure(k, 0);
        assertThat(error.leadingMinor()).isEqualTo(n);
        assertThat(error).hasMessageContaining("training image " + copy).hasMessageContaining("copy of image 0");
        assertHelpfulRidgeIsTight(k, error.helpfulRidge());
    }

    @Test
    void rankDeficientMatrixGetsARidgeThatWorks() {
        double[][] factor = DenseMatrices.random(60, 7, SEED);
        double[][] k = new double[60][60];
        for (int i = 0; i < 60; i++) {
            for (int j = 0; j < 60; j++) {
                for (int r = 0; r < 7; r++) {
                    k[i][j] += factor[i][r] * factor[j][r];
                }
            }
        }
        NotPositiveDefiniteException error = failure(k, 0);
        assertThat(error.helpfulRidge()).isBetween(1e-18, 1e-11);
        ridge.factorise(DenseMatrices.kernel(k), error.helpfulRidge()).close();
    }

    @Test
    void indefiniteMatrixNeedsItsSmallestEigenvalue() {
        double[][] k = {{1, 3}, {3, 1}}; // eigenvalues 4 and -2
        NotPositiveDefiniteException error = failure(k, 0.5);
        assertThat(error.helpfulRidge()).isBetween(2.0, 2.2);
        assertThat(error.ridge()).isEqualTo(0.5);
        assertHelpfulRidgeIsTight(k, error.helpfulRidge());
    }

    @Test
    void zeroMatrixGetsARidgeToo() {
        NotPositiveDefiniteException error = failure(new double[3][3], 0);
        assertThat(error).hasMessageContaining("diagonal entry is 0.0");
        ridge.factorise(DenseMatrices.kernel(new double[3][3]), error.helpfulRidge())
                .close();
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void firstNonFiniteEntryIsNamed(double bad) {
        double[][] k = DenseMatrices.randomPositiveDefinite(33, 1, SEED);
        k[20][30] = bad;
        k[7][19] = bad;
        k[19][7] = bad;
        assertThatThrownBy(() -> ridge.factorise(DenseMatrices.kernel(k), 0))
                .isInstanceOfSatisfying(NonFiniteKernelException.class, error -> {
                    assertThat(error.row()).isEqualTo(7);
                    assertThat(error.col()).isEqualTo(19);
                })
                .hasMessageContaining(Double.toString(bad));
    }

    @Test
    void float32EntriesWithALargeConditionAreWarnedAbout() {
        double[][] k = {{1, 1 - 1e-9}, {1 - 1e-9, 1}};
        assertThat(warnings(k, Precision.F32)).singleElement().asString().contains("float32");
        assertThat(warnings(k, Precision.F64)).isEmpty();
        double[][] singular = {{1, 0}, {0, 1e-17}};
        assertThat(warnings(singular, Precision.F64)).singleElement().asString().contains("singular");
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1, Double.NaN, Double.POSITIVE_INFINITY})
    void ridgeMustBeAFiniteNumberFromZeroUp(double bad) {
        assertThatThrownBy(() -> ridge.factorise(DenseMatrices.kernel(new double[][] {{1}}), bad))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(Double.toString(bad));
    }

    @Test
    void targetsOfAnotherLengthAreRefusedBeforeTheWork() {
        try (NativeMatrix targets = NativeMatrix.zeros(3, 2)) {
            assertThatThrownBy(() -> ridge.solve(DenseMatrices.kernel(new double[2][2]), targets, 0, Precision.F64))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("3 rows");
        }
    }

    @ParameterizedTest
    @CsvSource({"0.1234, 0.13", "1.0, 1.0", "1.01e-9, 1.1e-9", "990.5, 1000"})
    void ridgesAreRoundedUpToTwoDigits(double value, double expected) {
        assertThat(RidgeSearch.roundedUp(value)).isEqualTo(expected);
    }

    private NotPositiveDefiniteException failure(double[][] k, double shift) {
        NotPositiveDefiniteException error = catchThrowableOfType(
                NotPositiveDefiniteException.class, () -> ridge.factorise(DenseMatrices.kernel(k), shift));
        assertThat(error).as("matrix " + Arrays.deepToString(k)).isNotNull();
        return error;
    }

    /** The ridge works, and 15% less does not (5% search, up to 10% rounding). */
    private void assertHelpfulRidgeIsTight(double[][] k, double helpful) {
        ridge.factorise(DenseMatrices.kernel(k), helpful).close();
        assertThatThrownBy(() -> ridge.factorise(DenseMatrices.kernel(k), helpful * 0.85))
                .isInstanceOf(NotPositiveDefiniteException.class);
    }

    private java.util.List<String> warnings(double[][] k, Precision stored) {
        try (NativeMatrix targets = NativeMatrix.zeros(k.length, 1)) {
            return ridge.solve(DenseMatrices.kernel(k), targets, 0, stored).warnings();
        }
    }
}

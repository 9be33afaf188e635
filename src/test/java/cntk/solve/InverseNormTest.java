package cntk.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InverseNormTest {
    private final Lapack lapack = new Lapack(OpenBlas.load());

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 10, 63, 150})
    void estimateIsThatOfLapackAndAtMostTheTrueNorm(int n) {
        for (int seed = 0; seed < 5; seed++) {
            double[][] a = DenseMatrices.randomPositiveDefinite(n, 0.01, 100L * n + seed);
            double[][] inverse = DenseMatrices.inverse(a);
            double estimate = lapack.inverseOneNorm(n, x -> multiply(inverse, x));
            double byLapack = byLapack(a);
            assertThat(estimate).isCloseTo(byLapack, within(1e-9 * byLapack));
            assertThat(estimate).isLessThanOrEqualTo(DenseMatrices.oneNorm(inverse) * (1 + 1e-12));
        }
    }

    private double byLapack(double[][] a) {
        try (NativeMatrix matrix = DenseMatrices.nativeCopy(a)) {
            double norm = lapack.oneNorm(matrix);
            assertThat(lapack.factorise(matrix)).isZero();
            return 1 / (lapack.reciprocalCondition(matrix, norm) * norm);
        }
    }

    private static void multiply(double[][] a, NativeMatrix x) {
        double[] given = new double[a.length];
        x.getColumn(0, 0, given, 0, a.length);
        double[] sums = new double[a.length];
        for (int row = 0; row < a.length; row++) {
            for (int col = 0; col < a.length; col++) {
                sums[row] += a[row][col] * given[col];
            }
        }
        x.putColumn(0, 0, sums, 0, a.length);
    }
}

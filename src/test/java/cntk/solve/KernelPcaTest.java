package cntk.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class KernelPcaTest {
    private static final int N = 25;
    private static final int M = 6;
    private static final RegressionProblem PROBLEM = RegressionProblem.random(N, M, 1, 21);

    @Test
    void scoresOfAllComponentsHaveTheInnerProductsAroundTheMean() {
        double[][] train;
        double[][] test;
        try (KernelPca pca = KernelPca.of(OpenBlas.load(), PROBLEM.source(), N)) {
            train = pca.train();
            test = pca.test(PROBLEM.crossKernel(4));
            for (int component = 1; component < N; component++) {
                assertThat(pca.eigenvalue(component)).isLessThanOrEqualTo(pca.eigenvalue(component - 1));
            }
        }
        double[] columnMeans = new double[N];
        double mean = 0;
        for (int row = 0; row < N; row++) {
            for (int col = 0; col < N; col++) {
                columnMeans[col] += PROBLEM.kernel()[row][col] / N;
                mean += PROBLEM.kernel()[row][col] / (N * N);
            }
        }
        for (int col = 0; col < N; col++) {
            for (int row = 0; row < N; row++) {
                double centred = PROBLEM.kernel()[row][col] - columnMeans[row] - columnMeans[col] + mean;
                assertThat(dot(train[row], train[col])).isCloseTo(centred, within(1e-12));
            }
            for (int row = 0; row < M; row++) {
                double rowMean = 0;
                for (double value : PROBLEM.cross()[row]) {
                    rowMean += value / N;
                }
                double centred = PROBLEM.cross()[row][col] - rowMean - columnMeans[col] + mean;
                assertThat(dot(test[row], train[col])).isCloseTo(centred, within(1e-9));
            }
        }
    }

    @Test
    void fewComponentsAreTheFirstOfAll() {
        try (KernelPca all = KernelPca.of(OpenBlas.load(), PROBLEM.source(), N);
                KernelPca few = KernelPca.of(OpenBlas.load(), PROBLEM.source(), 3)) {
            double[][] expected = all.train();
            double[][] scores = few.train();
            for (int component = 0; component < 3; component++) {
                double spread = 0;
                double across = 0;
                double largest = 0;
                for (int image = 0; image < N; image++) {
                    assertThat(scores[image][component]).isCloseTo(expected[image][component], within(1e-11));
                    spread += scores[image][component] * scores[image][component];
                    across += scores[image][component] * scores[image][(component + 1) % 3];
                    largest =
                            Math.abs(scores[image][component]) > Math.abs(largest) ? scores[image][component] : largest;
                }
                assertThat(spread).isCloseTo(few.eigenvalue(component), within(1e-11));
                assertThat(across).isCloseTo(0, within(1e-11));
                assertThat(largest).isPositive();
            }
        }
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int at = 0; at < a.length; at++) {
            sum += a[at] * b[at];
        }
        return sum;
    }
}

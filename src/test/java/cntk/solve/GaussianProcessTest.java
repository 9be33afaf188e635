package cntk.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class GaussianProcessTest {
    private static final int N = 18;
    private static final int M = 7;
    private static final RegressionProblem PROBLEM = RegressionProblem.random(N, M, 2, 3);

    @Test
    void varianceIsThatOfTheExplicitInverse() {
        double noise = 0.2;
        double[] prior = new double[M];
        java.util.Arrays.fill(prior, 3.0);
        double[][] explained = DenseMatrices.product(
                DenseMatrices.product(
                        PROBLEM.cross(), DenseMatrices.inverse(DenseMatrices.plusDiagonal(PROBLEM.kernel(), noise))),
                transposed(PROBLEM.cross()));
        try (Spectrum spectrum = Spectrum.of(OpenBlas.load(), PROBLEM.source())) {
            double[] variance = new PosteriorVariance(spectrum).of(PROBLEM.crossKernel(4), prior, noise);
            for (int image = 0; image < M; image++) {
                assertThat(variance[image]).isCloseTo(3 - explained[image][image], within(1e-11));
            }
        }
    }

    /** The joint Gaussian of targets and one test value, conditioned by keeping the draws whose targets come near. */
    @Test
    void meanAndVarianceAreThoseOfConditionedDraws() {
        double[][] kernel = {{1.3, 0.4}, {0.4, 0.9}};
        double[][] cross = {{0.7, -0.3}};
        double prior = 1.1;
        double noise = 0.3;
        double[] y = {0.5, -0.2};
        Random random = new Random(8);
        double a = Math.sqrt(kernel[0][0]);
        double b = kernel[0][1] / a;
        double c = Math.sqrt(kernel[1][1] - b * b);
        double d = cross[0][0] / a;
        double e = (cross[0][1] - d * b) / c;
        double f = Math.sqrt(prior - d * d - e * e);
        double sum = 0;
        double squares = 0;
        int kept = 0;
        for (int draw = 0; draw < 6_000_000; draw++) {
            double u = random.nextGaussian();
            double v = random.nextGaussian();
            double first = a * u + Math.sqrt(noise) * random.nextGaussian();
            double second = b * u + c * v + Math.sqrt(noise) * random.nextGaussian();
            if (Math.abs(first - y[0]) < 0.05 && Math.abs(second - y[1]) < 0.05) {
                double value = d * u + e * v + f * random.nextGaussian();
                sum += value;
                squares += value * value;
                kept++;
            }
        }
        double mean = sum / kept;
        double sampled = squares / kept - mean * mean;
        RegressionProblem problem = new RegressionProblem(kernel, cross, new double[][] {{y[0]}, {y[1]}});
        assertThat(kept).isGreaterThan(3000);
        assertThat(problem.predictions(noise)[0][0]).isCloseTo(mean, within(4 * Math.sqrt(sampled / kept)));
        try (Spectrum spectrum = Spectrum.of(OpenBlas.load(), problem.source())) {
            double variance =
                    new PosteriorVariance(spectrum).of(problem.crossKernel(2), new double[] {prior}, noise)[0];
            assertThat(variance).isCloseTo(sampled, within(5 * sampled * Math.sqrt(2.0 / kept)));
        }
    }

    @Test
    void evidenceIsTheDensityOfTheTargets() {
        double ridge = 0.15;
        double scale = 1.7;
        double[][] covariance = DenseMatrices.plusDiagonal(PROBLEM.kernel(), ridge);
        for (double[] row : covariance) {
            for (int col = 0; col < N; col++) {
                row[col] *= scale;
            }
        }
        double[][] inverse = DenseMatrices.inverse(covariance);
        double expected = 0;
        for (int output = 0; output < 2; output++) {
            double quadratic = 0;
            for (int row = 0; row < N; row++) {
                for (int col = 0; col < N; col++) {
                    quadratic += PROBLEM.targets()[row][output] * inverse[row][col] * PROBLEM.targets()[col][output];
                }
            }
            expected += -0.5 * (quadratic + Math.log(determinant(covariance)) + N * Math.log(2 * Math.PI));
        }
        double value = expected;
        withEvidence(evidence ->
                assertThat(evidence.logMarginalLikelihood(ridge, scale)).isCloseTo(value, within(1e-9)));
    }

    @Test
    void noNeighbourOfTheOptimumIsBetter() {
        double[] grid = {1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100};
        withEvidence(evidence -> {
            for (boolean freeScale : new boolean[] {true, false}) {
                Evidence.Optimum optimum = evidence.optimum(grid, freeScale);
                assertThat(evidence.logMarginalLikelihood(optimum.ridge(), optimum.scale()))
                        .isCloseTo(optimum.logMarginalLikelihood(), within(1e-10));
                for (double factor : new double[] {0.5, 0.97, 1.03, 2}) {
                    assertThat(evidence.logMarginalLikelihood(optimum.ridge() * factor, optimum.scale()))
                            .isLessThan(optimum.logMarginalLikelihood());
                    if (freeScale) {
                        assertThat(evidence.logMarginalLikelihood(optimum.ridge(), optimum.scale() * factor))
                                .isLessThan(optimum.logMarginalLikelihood());
                    }
                }
            }
        });
    }

    @Test
    void classProbabilitiesAreSharesOfDraws() {
        double[] means = {0.3, 0.1, -0.4, 0.25};
        double deviation = 0.35;
        int draws = 400_000;
        int[] wins = new int[4];
        Random random = new Random(4);
        for (int draw = 0; draw < draws; draw++) {
            int best = 0;
            double highest = Double.NEGATIVE_INFINITY;
            for (int c = 0; c < 4; c++) {
                double value = means[c] + deviation * random.nextGaussian();
                if (value > highest) {
                    highest = value;
                    best = c;
                }
            }
            wins[best]++;
        }
        double[] probabilities = ClassProbabilities.of(Predictions.of(4, means), 0, deviation);
        double total = 0;
        for (int c = 0; c < 4; c++) {
            double share = wins[c] / (double) draws;
            assertThat(probabilities[c]).isCloseTo(share, within(5 * Math.sqrt(share * (1 - share) / draws)));
            total += probabilities[c];
        }
        assertThat(total).isCloseTo(1, within(1e-14));
    }

    @Test
    void twoClassesHaveTheProbabilityOfTheirDifference() {
        // P(x > y) for independent Gaussians of means 0.2, 0 and deviation 0.1 is Phi(0.2 / (0.1 sqrt 2)) = Phi(sqrt
        // 2).
        double[] probabilities = ClassProbabilities.of(Predictions.of(2, new double[] {0.2, 0}), 0, 0.1);
        assertThat(probabilities[0]).isCloseTo(0.9213503964748575, within(1e-14));
    }

    private interface Check {
        void with(Evidence evidence);
    }

    private static void withEvidence(Check check) {
        try (Spectrum spectrum = Spectrum.of(OpenBlas.load(), PROBLEM.source());
                NativeMatrix targets = DenseMatrices.nativeCopy(PROBLEM.targets());
                SpectralRegression regression = new SpectralRegression(spectrum, targets)) {
            check.with(new Evidence(regression));
        }
    }

    private static double[][] transposed(double[][] a) {
        double[][] out = new double[a[0].length][a.length];
        for (int row = 0; row < a.length; row++) {
            for (int col = 0; col < a[0].length; col++) {
                out[col][row] = a[row][col];
            }
        }
        return out;
    }

    /** By elimination. */
    private static double determinant(double[][] a) {
        double[][] work = DenseMatrices.plusDiagonal(a, 0);
        double product = 1;
        for (int pivot = 0; pivot < work.length; pivot++) {
            product *= work[pivot][pivot];
            for (int row = pivot + 1; row < work.length; row++) {
                double factor = work[row][pivot] / work[pivot][pivot];
                for (int col = pivot; col < work.length; col++) {
                    work[row][col] -= factor * work[pivot][col];
                }
            }
        }
        return product;
    }
}

package cntk.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against the training itself, step by step on the training and test outputs, without eigenvectors. */
class TrainingTest {
    private static final int N = 14;
    private static final int M = 5;
    private static final int OUTPUTS = 3;
    private static final RegressionProblem PROBLEM = RegressionProblem.random(N, M, OUTPUTS, 99);

    /** Outputs at training and test images. */
    private record State(double[][] train, double[][] test) {
        static State zero() {
            return new State(new double[N][OUTPUTS], new double[M][OUTPUTS]);
        }

        /** this + factor * direction. */
        State plus(double factor, State direction) {
            return new State(sum(train, factor, direction.train), sum(test, factor, direction.test));
        }

        private static double[][] sum(double[][] a, double factor, double[][] b) {
            double[][] out = new double[a.length][OUTPUTS];
            for (int row = 0; row < a.length; row++) {
                for (int col = 0; col < OUTPUTS; col++) {
                    out[row][col] = a[row][col] + factor * b[row][col];
                }
            }
            return out;
        }
    }

    /** -rate (K; C) (f - y): what the squared loss does to all outputs. */
    private static State velocity(State f, double rate) {
        double[][] error = State.sum(PROBLEM.targets(), -1, f.train());
        State velocity = new State(
                DenseMatrices.product(PROBLEM.kernel(), error), DenseMatrices.product(PROBLEM.cross(), error));
        return State.zero().plus(rate, velocity);
    }

    private static State rungeKutta(double rate, double time, int steps) {
        double h = time / steps;
        State f = State.zero();
        for (int step = 0; step < steps; step++) {
            State k1 = velocity(f, rate);
            State k2 = velocity(f.plus(h / 2, k1), rate);
            State k3 = velocity(f.plus(h / 2, k2), rate);
            State k4 = velocity(f.plus(h, k3), rate);
            f = f.plus(h / 6, k1).plus(h / 3, k2).plus(h / 3, k3).plus(h / 6, k4);
        }
        return f;
    }

    private static State closedForm(Training training, double time) {
        try (Spectrum spectrum = Spectrum.of(OpenBlas.load(), PROBLEM.source());
                NativeMatrix targets = DenseMatrices.nativeCopy(PROBLEM.targets());
                SpectralRegression regression = new SpectralRegression(spectrum, targets);
                NativeMatrix applied = regression.apply(
                        List.of(value -> 1 - training.remainder(value, time), value -> training.filter(value, time)))) {
            State state = State.zero();
            for (int image = 0; image < N; image++) {
                for (int output = 0; output < OUTPUTS; output++) {
                    state.train()[image][output] = applied.get(image, output);
                    for (int test = 0; test < M; test++) {
                        state.test()[test][output] +=
                                PROBLEM.cross()[test][image] * applied.get(image, OUTPUTS + output);
                    }
                }
            }
            return state;
        }
    }

    private static void assertClose(State actual, State expected, double tolerance) {
        for (int output = 0; output < OUTPUTS; output++) {
            for (int image = 0; image < N; image++) {
                assertThat(actual.train()[image][output]).isCloseTo(expected.train()[image][output], within(tolerance));
            }
            for (int image = 0; image < M; image++) {
                assertThat(actual.test()[image][output]).isCloseTo(expected.test()[image][output], within(tolerance));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"0.01, 1, 200", "0.5, 1, 400", "3, 0.7, 1000", "40, 2, 8000"})
    void gradientFlowIsTheSolutionOfItsDifferentialEquation(double time, double rate, int steps) {
        assertClose(closedForm(new GradientFlow(rate), time), rungeKutta(rate, time, steps), 1e-9);
    }

    @Test
    void gradientFlowEndsAtTheDirectSolve() {
        double[][] interpolated = PROBLEM.predictions(0);
        for (double time : new double[] {1e6, Double.POSITIVE_INFINITY}) {
            State end = closedForm(new GradientFlow(1), time);
            assertClose(end, new State(PROBLEM.targets(), interpolated), 1e-10);
        }
        assertClose(closedForm(new GradientFlow(1), 0), State.zero(), 0);
    }

    @ParameterizedTest
    @CsvSource({"0.3, 0, 1", "0.3, 0, 57", "0.55, 0, 20", "0.3, 0.9, 1", "0.3, 0.9, 2", "0.3, 0.9, 77", "0.8, 0.5, 33"})
    void gradientDescentIsItsSteps(double rate, double momentum, int steps) {
        State before = State.zero();
        State f = State.zero();
        for (int step = 0; step < steps; step++) {
            State next = f.plus(1, velocity(f, rate)).plus(momentum, f.plus(-1, before));
            before = f;
            f = next;
        }
        assertClose(closedForm(new GradientDescent(rate, momentum), steps), f, 1e-9);
    }

    @ParameterizedTest
    @CsvSource({"0", "0.5", "0.9"})
    void theMaximalRateSeparatesConvergenceFromDivergence(double momentum) {
        double eigenvalue = 3.7;
        double limit = GradientDescent.maximalRate(eigenvalue, momentum);
        GradientDescent below = new GradientDescent(0.98 * limit, momentum);
        GradientDescent above = new GradientDescent(1.02 * limit, momentum);
        assertThat(below.converges(eigenvalue)).isTrue();
        assertThat(above.converges(eigenvalue)).isFalse();
        assertThat(Math.abs(below.remainder(eigenvalue, 5000))).isLessThan(1e-6);
        assertThat(Math.abs(above.remainder(eigenvalue, 5000))).isGreaterThan(1e6);
        assertThat(below.filter(eigenvalue, Double.POSITIVE_INFINITY)).isEqualTo(1 / eigenvalue);
        assertThat(above.filter(eigenvalue, Double.POSITIVE_INFINITY)).isNaN();
    }

    @Test
    void slowModesKeepTheirDigits() {
        double tiny = 1e-14;
        assertThat(new GradientFlow(1).filter(tiny, 3)).isCloseTo(3, within(1e-12));
        assertThat(new GradientDescent(0.5, 0).filter(tiny, 1000)).isCloseTo(500, within(1e-8));
        assertThat(new GradientDescent(0.5, 0.5).filter(tiny, 1000)).isCloseTo(999, within(1e-6));
    }

    @Test
    void ensemblesOfLinearModelsHaveTheVarianceOfTheClosedForm() {
        // Functions drawn from the prior N(0, prior) on all images, each trained by gradient flow with the tangent
        // kernel.
        double[][] prior = DenseMatrices.randomPositiveDefinite(N + M, 0.1, 5);
        double rate = 0.8;
        double[] times = {0, 0.3, 5, Double.POSITIVE_INFINITY};
        List<DoubleUnaryOperator> filters = new ArrayList<>();
        for (double time : times) {
            filters.add(value -> new GradientFlow(rate).filter(value, time));
        }
        double[][] priorTrain = new double[N][N];
        double[][] priorCross = new double[M][N];
        double[][] priorTest = new double[M][M];
        double[] diagonal = new double[M];
        for (int row = 0; row < N + M; row++) {
            if (row < N) {
                System.arraycopy(prior[row], 0, priorTrain[row], 0, N);
            } else {
                System.arraycopy(prior[row], 0, priorCross[row - N], 0, N);
                System.arraycopy(prior[row], N, priorTest[row - N], 0, M);
                diagonal[row - N] = prior[row][row];
            }
        }
        RegressionProblem priorProblem = new RegressionProblem(priorTrain, priorCross, PROBLEM.targets());
        try (Spectrum spectrum = Spectrum.of(OpenBlas.load(), PROBLEM.source());
                TrainedEnsemble ensemble = new TrainedEnsemble(spectrum, DenseMatrices.kernel(priorTrain))) {
            double[][] variances =
                    ensemble.variances(PROBLEM.crossKernel(3), priorProblem.crossKernel(4), diagonal, filters);
            for (int time = 0; time < times.length; time++) {
                double[][] sampled = sampledCovariance(prior, rate, times[time]);
                double[][] covariance = ensemble.covariance(
                        PROBLEM.crossKernel(3), priorProblem.crossKernel(4), priorTest, filters.get(time));
                for (int row = 0; row < M; row++) {
                    assertThat(variances[time][row]).isCloseTo(covariance[row][row], within(1e-11));
                    for (int col = 0; col < M; col++) {
                        double scale = Math.sqrt(sampled[row][row] * sampled[col][col]);
                        assertThat(covariance[row][col]) // 6 standard errors of 20,000 draws
                                .isCloseTo(sampled[row][col], within(6 * scale / Math.sqrt(10_000)));
                    }
                }
            }
        }
    }

    /** Covariance of the test outputs over 20,000 random functions after training; seed 11. */
    private static double[][] sampledCovariance(double[][] prior, double rate, double time) {
        int draws = 20_000;
        java.util.Random random = new java.util.Random(11);
        double[][] root = cholesky(prior);
        double[][] transport = transport(rate, time);
        double[][] sum = new double[M][M];
        for (int draw = 0; draw < draws; draw++) {
            double[] noise =
                    random.doubles(N + M).map(any -> random.nextGaussian()).toArray();
            double[] f = new double[N + M];
            for (int row = 0; row < N + M; row++) {
                for (int col = 0; col <= row; col++) {
                    f[row] += root[row][col] * noise[col];
                }
            }
            double[] trained = new double[M];
            for (int test = 0; test < M; test++) {
                trained[test] = f[N + test];
                for (int image = 0; image < N; image++) {
                    trained[test] -= transport[test][image] * f[image];
                }
            }
            for (int row = 0; row < M; row++) {
                for (int col = 0; col < M; col++) {
                    sum[row][col] += trained[row] * trained[col] / draws;
                }
            }
        }
        return sum;
    }

    /** [test][train]: what of a training residual has arrived at a test image, by Runge-Kutta on unit targets. */
    private static double[][] transport(double rate, double time) {
        if (Double.isInfinite(time)) {
            return DenseMatrices.product(PROBLEM.cross(), DenseMatrices.inverse(PROBLEM.kernel()));
        }
        double[][] train = new double[N][N];
        double[][] test = new double[M][N];
        int steps = 2000;
        double h = time / steps;
        for (int step = 0; step < steps; step++) { // Heun's method is enough beside 20,000 draws
            double[][] first = DenseMatrices.product(PROBLEM.kernel(), residual(train));
            double[][] ahead = added(train, h * rate, first);
            double[][] second = DenseMatrices.product(PROBLEM.kernel(), residual(ahead));
            test = added(test, h * rate / 2, DenseMatrices.product(PROBLEM.cross(), residual(train)));
            test = added(test, h * rate / 2, DenseMatrices.product(PROBLEM.cross(), residual(ahead)));
            train = added(added(train, h * rate / 2, first), h * rate / 2, second);
        }
        return test;
    }

    private static double[][] residual(double[][] train) {
        double[][] out = new double[N][N];
        for (int row = 0; row < N; row++) {
            for (int col = 0; col < N; col++) {
                out[row][col] = (row == col ? 1 : 0) - train[row][col];
            }
        }
        return out;
    }

    private static double[][] added(double[][] a, double factor, double[][] b) {
        double[][] out = new double[a.length][a[0].length];
        for (int row = 0; row < a.length; row++) {
            for (int col = 0; col < a[0].length; col++) {
                out[row][col] = a[row][col] + factor * b[row][col];
            }
        }
        return out;
    }

    private static double[][] cholesky(double[][] a) {
        double[][] l = new double[a.length][a.length];
        for (int row = 0; row < a.length; row++) {
            for (int col = 0; col <= row; col++) {
                double sum = a[row][col];
                for (int k = 0; k < col; k++) {
                    sum -= l[row][k] * l[col][k];
                }
                l[row][col] = row == col ? Math.sqrt(sum) : sum / l[col][col];
            }
        }
        return l;
    }
}

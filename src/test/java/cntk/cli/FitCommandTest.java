package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cntk.solve.DenseMatrices;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ridge regression on .npy files against elimination and refits in plain loops. */
class FitCommandTest {
    private static final int N = NpyProblem.N;
    private static final int M = NpyProblem.M;
    private static final int CLASSES = NpyProblem.CLASSES;

    @TempDir
    private Path folder;

    private NpyProblem problem;

    @BeforeEach
    void writeFiles() {
        problem = new NpyProblem(folder);
    }

    @Test
    void fitChoosesTheRidgeOfTheLeastLeaveOneOutErrorOfRefits() throws IOException {
        JsonNode chosen = problem.json("fit");
        double ridge = chosen.path("ridge").doubleValue();
        assertThat(chosen.path("loo_mse").doubleValue()).isCloseTo(refitted(ridge), within(1e-10));
        double least = Double.POSITIVE_INFINITY;
        for (JsonNode point : chosen.path("path")) {
            double error = point.path("loo_mse").doubleValue();
            least = Math.min(least, error);
            double again = refitted(point.path("ridge").doubleValue());
            assertThat(error).isCloseTo(again, within(1e-7 * again));
        }
        assertThat(chosen.path("path").size()).isEqualTo(49);
        assertThat(chosen.path("loo_mse").doubleValue()).isEqualTo(least);
        assertPredictions(chosen, ridge);
    }

    @Test
    void fitTakesARidgeOrAMultipleOfTheMeanDiagonal() throws IOException {
        JsonNode fixed = problem.json("fit", "--ridge", "0.25");
        assertThat(fixed.path("ridge").doubleValue()).isEqualTo(0.25);
        assertThat(fixed.path("loo_mse").doubleValue()).isCloseTo(refitted(0.25), within(1e-12));
        assertPredictions(fixed, 0.25);
        double mean = 0;
        for (int image = 0; image < N; image++) {
            mean += problem.kernel[image][image] / N;
        }
        JsonNode relative = problem.json("fit", "--ridge", "relative:0.5");
        assertThat(relative.path("ridge").doubleValue()).isCloseTo(0.5 * mean, within(1e-13));
        assertPredictions(relative, 0.5 * mean);
        JsonNode folds = problem.json("fit", "--ridge", "cv:4");
        assertThat(folds.path("cv_mse").doubleValue()).isPositive();
        for (JsonNode point : folds.path("path")) {
            assertThat(point.path("cv_mse").doubleValue())
                    .isGreaterThanOrEqualTo(folds.path("cv_mse").doubleValue());
        }
        assertThat(problem.json("fit", "--ridge", "validation:0.25")
                        .path("cv_mse")
                        .isNumber())
                .isTrue();
    }

    private void assertPredictions(JsonNode fit, double ridge) {
        double[][] expected = problem.predictions(ridge);
        NpyProblem.assertClose(problem.result("predictions.npy"), expected, 1e-11);
        int right = 0;
        for (int image = 0; image < M; image++) {
            right += NpyProblem.best(expected[image]) == problem.testLabels[image] ? 1 : 0;
        }
        assertThat(fit.path("accuracy").doubleValue()).isEqualTo(right / (double) M);
    }

    /** Mean squared error of every image predicted by a regression without it. */
    private double refitted(double ridge) {
        double sum = 0;
        for (int left = 0; left < N; left++) {
            double[][] k = new double[N - 1][N - 1];
            double[][] y = new double[N - 1][];
            double[][] c = new double[1][N - 1];
            for (int row = 0; row < N - 1; row++) {
                int image = row < left ? row : row + 1;
                y[row] = problem.targets[image];
                c[0][row] = problem.kernel[left][image];
                for (int col = 0; col < N - 1; col++) {
                    k[row][col] = problem.kernel[image][col < left ? col : col + 1];
                }
            }
            double[][] predicted = DenseMatrices.product(
                    c, DenseMatrices.product(DenseMatrices.inverse(DenseMatrices.plusDiagonal(k, ridge)), y));
            for (int output = 0; output < CLASSES; output++) {
                double error = predicted[0][output] - problem.targets[left][output];
                sum += error * error;
            }
        }
        return sum / (N * CLASSES);
    }
}

package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cntk.solve.DenseMatrices;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Training on .npy files against series in plain loops. */
class DynamicsCommandTest {
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

    @ParameterizedTest
    @CsvSource({"mean, 1", "sum, 0.3"})
    void dynamicsIsTheExponentialOfTheKernel(String loss, double rate) throws IOException {
        JsonNode json = problem.json(
                "dynamics", "--times", "0.5,10,inf", "--loss", loss, "--learning-rate", Double.toString(rate));
        double scale = loss.equals("mean") ? N * CLASSES : 1;
        double[] train = flat("train_predictions.npy", 3, N, CLASSES);
        double[] test = flat("test_predictions.npy", 3, M, CLASSES);
        double[] times = {0.5, 10, Double.POSITIVE_INFINITY};
        for (int time = 0; time < times.length; time++) {
            double[][] learned = Double.isInfinite(times[time]) ? problem.targets : learned(rate * times[time] / scale);
            double[][] predicted = DenseMatrices.product(
                    problem.cross, DenseMatrices.product(DenseMatrices.inverse(problem.kernel), learned));
            double loss0 = 0;
            for (int image = 0; image < N; image++) {
                for (int c = 0; c < CLASSES; c++) {
                    double value = train[(time * N + image) * CLASSES + c];
                    assertThat(value).isCloseTo(learned[image][c], within(1e-10));
                    loss0 += Math.pow(learned[image][c] - problem.targets[image][c], 2) / 2 / scale;
                }
            }
            for (int image = 0; image < M; image++) {
                for (int c = 0; c < CLASSES; c++) {
                    assertThat(test[(time * M + image) * CLASSES + c]).isCloseTo(predicted[image][c], within(1e-9));
                }
            }
            assertThat(json.path("train_loss").get(time).doubleValue()).isCloseTo(loss0, within(1e-11));
        }
        assertThat(json.path("times").get(2).textValue()).isEqualTo("inf");
        assertThat(folder.resolve("out/curves.csv")).content().hasLineCount(4);
        assertThat(folder.resolve("out/decay.csv")).content().hasLineCount(N + 1);
    }

    /** (I - exp(-K t)) Y: the series on t/2^10, and (I - E) doubled ten times by I - E^2 = (I - E)(I + E). */
    private double[][] learned(double t) {
        int halvings = 10;
        double h = t / (1 << halvings);
        double[][] term = DenseMatrices.plusDiagonal(new double[N][N], 1);
        double[][] decay = DenseMatrices.plusDiagonal(new double[N][N], 1);
        for (int power = 1; power < 20; power++) {
            term = DenseMatrices.product(term, problem.kernel);
            for (double[] row : term) {
                for (int col = 0; col < N; col++) {
                    row[col] *= -h / power;
                }
            }
            for (int row = 0; row < N; row++) {
                for (int col = 0; col < N; col++) {
                    decay[row][col] += term[row][col];
                }
            }
        }
        for (int halving = 0; halving < halvings; halving++) {
            decay = DenseMatrices.product(decay, decay);
        }
        double[][] left = DenseMatrices.product(decay, problem.targets);
        double[][] learned = new double[N][CLASSES];
        for (int row = 0; row < N; row++) {
            for (int c = 0; c < CLASSES; c++) {
                learned[row][c] = problem.targets[row][c] - left[row][c];
            }
        }
        return learned;
    }

    private double[] flat(String name, int... shape) throws IOException {
        byte[] bytes = Files.readAllBytes(folder.resolve("out").resolve(name));
        String header = new String(bytes, 10, 118, java.nio.charset.StandardCharsets.US_ASCII);
        assertThat(header)
                .contains("'descr': '<f8'")
                .contains("'shape': (" + shape[0] + ", " + shape[1] + ", " + shape[2] + ")");
        double[] values = new double[shape[0] * shape[1] * shape[2]];
        java.nio.ByteBuffer.wrap(bytes, 128, bytes.length - 128)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .asDoubleBuffer()
                .get(values);
        return values;
    }

    @Test
    void descentReportsTheRateAtWhichItDiverges() throws IOException {
        double largest = problem.largestEigenvalue();
        JsonNode json = problem.json("dynamics", "--method", "descent", "--times", "0,7,inf");
        assertThat(json.path("max_learning_rate").doubleValue())
                .isCloseTo(2 * N * CLASSES / largest, within(1e-7 * N * CLASSES));
        CommandRun diverging =
                problem.run("dynamics", "--method", "descent", "--learning-rate", "1e6", "--times", "inf");
        assertThat(diverging.code()).isEqualTo(2);
        assertThat(diverging.err()).contains("diverges: it must be below");
    }

    @Test
    void anEnsembleWithItselfAsPriorHasTheVarianceOfTheProcess() throws IOException {
        // With NNGP = NTK the ensemble at the end is the Gaussian process behind exact observations.
        problem.json("posterior", "--noise", "0", "--test-diagonal", problem.path("kss.npy"));
        double[] posterior = problem.result("variance.npy")[0];
        JsonNode json = problem.json(
                "dynamics",
                "--times",
                "0,inf",
                "--nngp-kernel",
                problem.path("K.npy"),
                "--nngp-cross",
                problem.path("C.npy"),
                "--nngp-test",
                problem.path("kss.npy"));
        double[][] variance = problem.result("test_variance.npy");
        for (int image = 0; image < M; image++) {
            assertThat(variance[0][image]).isEqualTo(problem.diagonal[image]);
            assertThat(variance[1][image]).isCloseTo(posterior[image], within(1e-9));
        }
        assertThat(json.path("test_variance_mean").size()).isEqualTo(2);
    }
}

package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cntk.dataset.ImageSet;
import cntk.dataset.Npy;
import cntk.solve.DenseMatrices;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The other commands on .npy files, and every one on a small run, against elimination and series in plain loops. */
class RegressionCommandsTest {
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
    void posteriorIsThatOfTheExplicitInverse() throws IOException {
        double noise = 0.2;
        JsonNode json = problem.json("posterior", "--noise", "0.2", "--test-diagonal", problem.path("kss.npy"));
        double[][] inverse = DenseMatrices.inverse(DenseMatrices.plusDiagonal(problem.kernel, noise));
        NpyProblem.assertClose(problem.result("mean.npy"), problem.predictions(noise), 1e-11);
        double[][] explained = DenseMatrices.product(problem.cross, inverse);
        double[] variance = problem.result("variance.npy")[0];
        double likelihood = 0;
        for (int image = 0; image < M; image++) {
            double expected = problem.diagonal[image];
            for (int col = 0; col < N; col++) {
                expected -= explained[image][col] * problem.cross[image][col];
            }
            assertThat(variance[image]).isCloseTo(expected, within(1e-11));
        }
        double[][] weighted = DenseMatrices.product(inverse, problem.targets);
        for (int image = 0; image < N; image++) {
            for (int c = 0; c < CLASSES; c++) {
                likelihood -= problem.targets[image][c] * weighted[image][c] / 2;
            }
        }
        likelihood -= CLASSES * (logDeterminant(noise) + N * Math.log(2 * Math.PI)) / 2;
        assertThat(json.path("log_marginal_likelihood").doubleValue()).isCloseTo(likelihood, within(1e-9));
        assertThat(json.path("noise_optimum").path("log_marginal_likelihood").doubleValue())
                .isGreaterThan(likelihood);
        assertThat(json.path("noise_scale_optimum")
                        .path("log_marginal_likelihood")
                        .doubleValue())
                .isGreaterThanOrEqualTo(json.path("noise_optimum")
                        .path("log_marginal_likelihood")
                        .doubleValue());
        assertThat(json.path("calibration").isArray()).isTrue();
        JsonNode scaled =
                problem.json("posterior", "--noise", "0.6", "--scale", "3", "--test-diagonal", problem.path("kss.npy"));
        NpyProblem.assertClose(problem.result("mean.npy"), problem.predictions(noise), 1e-11);
        for (int image = 0; image < M; image++) {
            assertThat(problem.result("variance.npy")[0][image]).isCloseTo(3 * variance[image], within(1e-11));
        }
        assertThat(scaled.path("scale").doubleValue()).isEqualTo(3);
        JsonNode chosen = problem.json("posterior", "--test-diagonal", problem.path("kss.npy"));
        assertThat(chosen.path("log_marginal_likelihood"))
                .isEqualTo(chosen.path("noise_scale_optimum").path("log_marginal_likelihood"));
        assertThat(chosen.path("log_marginal_likelihood").doubleValue())
                .isGreaterThan(scaled.path("log_marginal_likelihood").doubleValue());
        CommandRun without = problem.run("posterior", "--noise", "0.2");
        assertThat(without.err()).contains("without --test-diagonal");
    }

    private double logDeterminant(double shift) {
        double[][] work = DenseMatrices.plusDiagonal(problem.kernel, shift);
        double sum = 0;
        for (int pivot = 0; pivot < N; pivot++) {
            sum += Math.log(work[pivot][pivot]);
            for (int row = pivot + 1; row < N; row++) {
                double factor = work[row][pivot] / work[pivot][pivot];
                for (int col = pivot; col < N; col++) {
                    work[row][col] -= factor * work[pivot][col];
                }
            }
        }
        return sum;
    }

    @Test
    void spectrumDescendsAndKeepsTraceAndNorm() throws IOException {
        JsonNode json = problem.json("spectrum", "--components", "3");
        double[] values = problem.result("eigenvalues.npy")[0];
        double trace = 0;
        double squares = 0;
        double sum = 0;
        double sumOfSquares = 0;
        for (int row = 0; row < N; row++) {
            trace += problem.kernel[row][row];
            sum += values[row];
            sumOfSquares += values[row] * values[row];
            for (int col = 0; col < N; col++) {
                squares += problem.kernel[row][col] * problem.kernel[row][col];
            }
            assertThat(row == 0 || values[row - 1] >= values[row]).isTrue();
        }
        assertThat(values[0]).isCloseTo(problem.largestEigenvalue(), within(1e-9));
        assertThat(sum).isCloseTo(trace, within(1e-12));
        assertThat(sumOfSquares).isCloseTo(squares, within(1e-11));
        assertThat(json.path("positive_definite").booleanValue()).isTrue();
        assertThat(json.path("condition").doubleValue()).isCloseTo(values[0] / values[N - 1], within(1e-6));
        double shares = 0;
        for (JsonNode share : json.path("label_share")) {
            shares += share.doubleValue();
        }
        assertThat(shares).isCloseTo(1, within(1e-12));
        assertThat(folder.resolve("out/components_train.csv")).content().hasLineCount(N + 1);
        assertThat(folder.resolve("out/components_test.csv")).content().startsWith("index,label,pc1,pc2,pc3\n");
    }

    @Test
    void copiesOfImagesAreNamedWhereTheKernelIsSingular() throws IOException {
        for (int col = 0; col < N; col++) {
            problem.kernel[9][col] = problem.kernel[2][col];
        }
        for (int row = 0; row < N; row++) {
            problem.kernel[row][9] = problem.kernel[row][2];
        }
        problem.write("K.npy", problem.kernel);
        JsonNode json = problem.json("spectrum");
        assertThat(json.path("positive_definite").booleanValue()).isFalse();
        assertThat(json.path("near_duplicates").get(0).path("first").intValue()).isEqualTo(2);
        assertThat(json.path("near_duplicates").get(0).path("second").intValue())
                .isEqualTo(9);
        CommandRun fit = problem.run("fit", "--ridge", "0");
        assertThat(fit.code()).isEqualTo(2);
        assertThat(fit.err()).contains("K.npy is singular", "training images 2 and 9", "hint: --ridge");
        assertThat(problem.run("fit").code()).isZero();
        JsonNode dynamics = problem.json("dynamics", "--times", "inf");
        assertThat(dynamics.path("frozen_directions").intValue()).isEqualTo(1);
    }

    @Test
    void theLearningCurveEndsAtTheRegressionOfAllImages() throws IOException {
        JsonNode json = problem.json("learning-curve", "--sizes", "6,16", "--ridge", "0.1", "--draws", "4");
        int right = 0;
        double[][] all = problem.predictions(0.1);
        for (int image = 0; image < M; image++) {
            right += NpyProblem.best(all[image]) == problem.testLabels[image] ? 1 : 0;
        }
        assertThat(json.path("curve").get(1).path("accuracy").doubleValue()).isEqualTo(right / (double) M);
        assertThat(json.path("curve").get(0).path("accuracies").size()).isEqualTo(4);
        assertThat(folder.resolve("out/learning_curve.csv")).content().hasLineCount(3);
    }

    @Test
    void regressionTargetsNeedNoLabels() throws IOException {
        double[][] values = DenseMatrices.random(N, 2, 5);
        problem.write("Y.npy", values);
        CommandRun run = CommandRun.of(
                "fit",
                "--train-kernel",
                problem.path("K.npy"),
                "--targets",
                problem.path("Y.npy"),
                "--cross-kernel",
                problem.path("C.npy"),
                "--ridge",
                "0.3",
                "--out",
                problem.path("out"),
                "--json");
        assertThat(run.code()).as(run.err()).isZero();
        double[][] expected = DenseMatrices.product(
                problem.cross,
                DenseMatrices.product(DenseMatrices.inverse(DenseMatrices.plusDiagonal(problem.kernel, 0.3)), values));
        NpyProblem.assertClose(problem.result("predictions.npy"), expected, 1e-11);
        assertThat(new ObjectMapper().readTree(run.out()).has("accuracy")).isFalse();
    }

    @Test
    void aRunGivesTheSameAsItsExportedFiles() throws IOException {
        Path run = folder.resolve("run");
        String[] words = {
            "run", "--out", run.toString(), "--train", "20", "--test", "10", "--arch", "cntk(depth=3,readout=flatten)"
        };
        assertThat(CommandRun.of(words).code()).isZero();
        Path files = folder.resolve("files");
        CommandRun export = CommandRun.of("export", "--run", run.toString(), "--out", files.toString());
        assertThat(export.code()).as(export.err()).isZero();
        double[][] k = Npy.readMatrix(files.resolve("K.npy")).values();
        for (int row = 0; row < 20; row++) {
            for (int col = 0; col < 20; col++) {
                assertThat(k[row][col]).isEqualTo(k[col][row]).isPositive();
            }
        }
        CommandRun ofRun = CommandRun.of("fit", "--run", run.toString(), "--ridge", "0", "--json");
        CommandRun ofFiles = CommandRun.of(
                "fit",
                "--train-kernel",
                files.resolve("K.npy").toString(),
                "--cross-kernel",
                files.resolve("C.npy").toString(),
                "--labels",
                files.resolve("labels.npy").toString(),
                "--test-labels",
                files.resolve("test_labels.npy").toString(),
                "--ridge",
                "0",
                "--json",
                "--out",
                files.toString());
        ObjectMapper mapper = new ObjectMapper();
        JsonNode first = mapper.readTree(ofRun.out());
        JsonNode second = mapper.readTree(ofFiles.out());
        assertThat(second.path("loo_mse")).isEqualTo(first.path("loo_mse"));
        assertThat(second.path("accuracy")).isEqualTo(first.path("accuracy"));
        NpyProblem.assertClose( // the sums run over other tiles
                Npy.readMatrix(run.resolve("fit/predictions.npy")).values(),
                Npy.readMatrix(files.resolve("predictions.npy")).values(),
                1e-14);
        JsonNode again = mapper.readTree(
                CommandRun.of("posterior", "--run", run.toString(), "--json").out());
        assertThat(again.path("factorisation_found").booleanValue()).isTrue();
        double[] diagonal = Npy.readMatrix(run.resolve("test_diagonal.npy")).values()[0];
        assertSelfKernels(diagonal);
        CommandRun compared = CommandRun.of("compare", run.toString(), run.toString(), "--json");
        JsonNode pair = mapper.readTree(compared.out()).path("pairs").get(0);
        assertThat(pair.path("agreement").doubleValue()).isEqualTo(1);
        assertThat(pair.path("p_value").doubleValue()).isEqualTo(1);
        assertThat(CommandRun.of(words).code()).as("the run still resumes").isZero();
    }

    /** The self kernels of the test images, by the kernel command. */
    private void assertSelfKernels(double[] diagonal) throws IOException {
        ImageSet test = cntk.dataset.Cifar10.sample()
                .prepare(
                        cntk.dataset.Preprocessing.of(cntk.dataset.Normalization.STANDARD),
                        java.util.OptionalInt.of(20),
                        java.util.OptionalInt.of(10),
                        new cntk.solve.ZcaWhitening())
                .test();
        List<double[]> images = new ArrayList<>();
        for (int image = 0; image < 10; image++) {
            images.add(new double[3 * 32 * 32]);
            test.read(image, images.get(image));
        }
        var network = cntk.arch.ArchitectureParser.network("cntk(depth=3,readout=flatten)", test.shape());
        for (int image = 0; image < 10; image++) {
            double exact = cntk.maths.CntkRecursion.of(network)
                    .evaluate(images.get(image), images.get(image))
                    .ntk();
            assertThat(diagonal[image]).isCloseTo(exact, within(1e-11 * exact));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "fit --ridge -1 | --ridge is -1",
                "fit --ridge cv:1 | --ridge is cv:1",
                "fit --ridge cv:99 | 99 folds of 16 images",
                "fit --ridge best | --ridge is best",
                "fit --test-labels y.npy | y.npy has 16 labels, but the kernel has 7 test images",
                "fit --labels t.npy | t.npy has 7 labels, but the kernel has 16 training images",
                "fit --classes 2 | y.npy has label 2 at index 1, expected 0..1",
                "fit --cross-kernel kss.npy | kss.npy has shape (7,), expected a matrix",
                "fit --train-kernel C.npy | C.npy has shape (7, 16), expected a square matrix",
                "fit --train-kernel absent.npy | absent.npy cannot be read: no such file",
                "fit --run absent | --run and --train-kernel exclude each other",
                "fit --targets y.npy | --labels and --targets exclude each other",
                "dynamics --times -1 | --times has '-1'",
                "dynamics --times 1,nan | --times has 'nan'",
                "dynamics --times log:0:1:5 | --times has 'log:0:1:5'",
                "dynamics --method descent --times 0.5 | whole numbers of steps",
                "dynamics --loss max | --loss is 'max', expected mean or sum",
                "dynamics --momentum 0.5 | --momentum is for --method descent",
                "dynamics --learning-rate 0 | --learning-rate is 0.0",
                "dynamics --nngp-kernel K.npy | the ensemble needs",
                "posterior --noise -2 | --noise is -2",
                "posterior --scale 0 | --scale is 0.0",
                "posterior --noise loo | --noise takes a number",
                "posterior --test-diagonal y.npy | y.npy has descr",
                "spectrum --components -1 | --components is -1",
                "learning-curve --sizes 0 | --sizes has 0, expected 1..16",
                "learning-curve --draws 0 | --draws is 0",
            })
    void badInputIsNamed(String line, String message) {
        List<String> words = new ArrayList<>(List.of(line.split(" ")));
        String command = words.removeFirst();
        words.replaceAll(word -> word.endsWith(".npy") ? problem.path(word) : word);
        List<String> all = new ArrayList<>(List.of(command));
        String[][] defaults = {
            {"--train-kernel", "K.npy"}, {"--cross-kernel", "C.npy"}, {"--labels", "y.npy"}, {"--test-labels", "t.npy"}
        };
        for (String[] option : defaults) {
            if (!words.contains(option[0])) {
                all.addAll(List.of(option[0], problem.path(option[1])));
            }
        }
        all.addAll(words);
        CommandRun run = CommandRun.of(all.toArray(String[]::new));
        assertThat(run.err()).contains(message);
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
    }

    @Test
    void entriesThatAreNotFiniteOrNotSymmetricAreNamed() {
        problem.kernel[3][8] += 1e-3;
        problem.write("K.npy", problem.kernel);
        assertThat(problem.run("fit").err()).contains("K.npy is not symmetric", "[3, 8]");
        problem.cross[4][1] = Double.NaN;
        problem.kernel[3][8] -= 1e-3;
        problem.write("K.npy", problem.kernel);
        problem.write("C.npy", problem.cross);
        CommandRun run = problem.run("fit");
        assertThat(run.err()).contains("C.npy has NaN at [4, 1]");
        assertThat(run.code()).isEqualTo(2);
    }
}

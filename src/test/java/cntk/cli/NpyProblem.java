package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.dataset.Labels;
import cntk.dataset.Npy;
import cntk.dataset.NpyLabels;
import cntk.dataset.NpyType;
import cntk.dataset.NpyWriter;
import cntk.solve.DenseMatrices;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** A small classification as .npy files: random kernel of n training and m test images, three classes. */
final class NpyProblem {
    static final int N = 16;
    static final int M = 7;
    static final int CLASSES = 3;

    final Path folder;
    final double[][] kernel = new double[N][N];
    final double[][] cross = new double[M][N];
    final double[] diagonal = new double[M];
    final double[][] targets = new double[N][CLASSES];
    final int[] labels = new int[N];
    final int[] testLabels = new int[M];

    NpyProblem(Path folder) {
        this.folder = folder;
        double[][] joint = DenseMatrices.randomPositiveDefinite(N + M, 0.05, 77);
        for (int row = 0; row < N + M; row++) {
            System.arraycopy(joint[row], 0, row < N ? kernel[row] : cross[row - N], 0, N);
            if (row >= N) {
                diagonal[row - N] = joint[row][row];
                testLabels[row - N] = row % CLASSES;
            } else {
                labels[row] = row * 7 % 5 % CLASSES;
                for (int c = 0; c < CLASSES; c++) {
                    targets[row][c] = (labels[row] == c ? 1 : 0) - 1.0 / CLASSES;
                }
            }
        }
        write("K.npy", kernel);
        write("C.npy", cross);
        write("y.npy", labels);
        write("t.npy", testLabels);
        try (NpyWriter writer = NpyWriter.open(folder.resolve("kss.npy"), NpyType.F64, M)) {
            writer.writeRow(diagonal);
            writer.commit();
        }
    }

    void write(String name, double[][] rows) {
        try (NpyWriter writer = NpyWriter.open(folder.resolve(name), NpyType.F64, rows.length, rows[0].length)) {
            for (double[] row : rows) {
                writer.writeRow(row);
            }
            writer.commit();
        }
    }

    void write(String name, int[] values) {
        int classes = Math.max(CLASSES, IntStream.of(values).max().orElse(0) + 1);
        Labels all = new Labels(
                values, IntStream.range(0, classes).mapToObj(Integer::toString).toList());
        NpyLabels.write(folder.resolve(name), all);
    }

    /** The command on the files with more options, its results in the folder {@code out}. */
    CommandRun run(String command, String... options) {
        List<String> words = new ArrayList<>(List.of(
                command,
                "--train-kernel",
                path("K.npy"),
                "--cross-kernel",
                path("C.npy"),
                "--labels",
                path("y.npy"),
                "--test-labels",
                path("t.npy"),
                "--out",
                path("out"),
                "--json"));
        words.addAll(List.of(options));
        return CommandRun.of(words.toArray(String[]::new));
    }

    JsonNode json(String command, String... options) throws IOException {
        CommandRun run = run(command, options);
        assertThat(run.code()).as(run.err()).isZero();
        return new ObjectMapper().readTree(run.out());
    }

    String path(String name) {
        return folder.resolve(name).toString();
    }

    /** A result as rows of its last two axes; float64 is asserted. */
    double[][] result(String name) {
        Npy.Matrix matrix = Npy.readMatrix(folder.resolve("out").resolve(name));
        assertThat(matrix.type()).isEqualTo(NpyType.F64);
        return matrix.values();
    }

    /** C (K + ridge I)^-1 Y by elimination. */
    double[][] predictions(double ridge) {
        return DenseMatrices.product(
                cross,
                DenseMatrices.product(DenseMatrices.inverse(DenseMatrices.plusDiagonal(kernel, ridge)), targets));
    }

    static void assertClose(double[][] actual, double[][] expected, double tolerance) {
        assertThat(actual.length).isEqualTo(expected.length);
        for (int row = 0; row < expected.length; row++) {
            assertThat(actual[row]).containsExactly(expected[row], org.assertj.core.api.Assertions.within(tolerance));
        }
    }

    static int best(double[] scores) {
        int best = 0;
        for (int c = 1; c < scores.length; c++) {
            best = scores[c] > scores[best] ? c : best;
        }
        return best;
    }

    /** By the power method. */
    double largestEigenvalue() {
        double[][] v = new double[N][1];
        for (int row = 0; row < N; row++) {
            v[row][0] = 1 + 0.01 * row;
        }
        double norm = 0;
        for (int step = 0; step < 5000; step++) {
            v = DenseMatrices.product(kernel, v);
            norm = 0;
            for (double[] row : v) {
                norm += row[0] * row[0];
            }
            norm = Math.sqrt(norm);
            for (double[] row : v) {
                row[0] /= norm;
            }
        }
        return norm;
    }
}

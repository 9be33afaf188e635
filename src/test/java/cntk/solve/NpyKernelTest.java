package cntk.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.dataset.InputException;
import cntk.dataset.NpyMatrix;
import cntk.dataset.NpyType;
import cntk.dataset.NpyWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpyKernelTest {
    private static final int N = 300; // more than one tile

    @TempDir
    private Path folder;

    @Test
    void theKernelIsWhatTheFileHolds() {
        double[][] k = DenseMatrices.randomPositiveDefinite(N, 0.1, 1);
        k[10][290] = k[290][10] * (1 + 1e-14);
        try (NpyMatrix matrix = NpyMatrix.open(write(NpyType.F64, k))) {
            NpyKernel kernel = NpyKernel.training(matrix);
            double[][] lower = new double[N][N];
            kernel.writeTo((col, row, values, from, count) -> {
                for (int place = 0; place < count; place++) {
                    lower[row + place][col] = values[from + place];
                }
            });
            for (int row = 0; row < N; row++) {
                for (int col = 0; col <= row; col++) {
                    double expected = (k[row][col] + k[col][row]) / 2;
                    assertThat(lower[row][col]).isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void theFirstEntryThatIsNotSymmetricIsNamed() {
        double[][] k = DenseMatrices.randomPositiveDefinite(N, 0.1, 1);
        k[5][280] += 1e-3;
        k[270][3] += 1e-3;
        k[200][100] += 1e-3;
        refused(k, "is not symmetric", "[3, 270]", "[270, 3]");
    }

    @Test
    void theFirstEntryThatIsNotFiniteIsNamed() {
        double[][] k = DenseMatrices.randomPositiveDefinite(N, 0.1, 1);
        k[299][0] = Double.NaN;
        k[7][280] = Double.POSITIVE_INFINITY;
        refused(k, "has Infinity at [7, 280]");
    }

    @Test
    void aMatrixThatIsNotSquareIsRefused() {
        refused(DenseMatrices.random(3, 4, 1), "has shape (3, 4), expected a square matrix");
    }

    @Test
    void crossKernelsAreCheckedAsTheyAreRead() {
        double[][] c = DenseMatrices.random(270, 5, 1);
        c[260][2] = Double.NaN;
        try (NpyMatrix matrix = NpyMatrix.open(write(NpyType.F32, c))) {
            assertThatThrownBy(() -> NpyKernel.cross(matrix, 6))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("each of the 6 training images");
            CrossKernel cross = NpyKernel.cross(matrix, 5);
            assertThat(cross.rows()).isEqualTo(270);
            assertThatThrownBy(() -> cross.forEachRowBlock((_, _) -> {}))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("has NaN at [260, 2]");
        }
    }

    private void refused(double[][] values, String... messages) {
        try (NpyMatrix matrix = NpyMatrix.open(write(NpyType.F64, values))) {
            assertThatThrownBy(() -> NpyKernel.training(matrix))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("k.npy")
                    .hasMessageContainingAll(messages);
        }
    }

    private Path write(NpyType type, double[][] rows) {
        Path file = folder.resolve("k.npy");
        try (NpyWriter writer = NpyWriter.open(file, type, rows.length, rows[0].length)) {
            for (double[] row : rows) {
                writer.writeRow(row);
            }
            writer.commit();
        }
        return file;
    }
}

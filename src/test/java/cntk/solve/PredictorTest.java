package cntk.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import cntk.dataset.Labels;
import cntk.plan.Tile;
import cntk.plan.TilePlan;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PredictorTest {
    private static final long SEED = 77;

    @ParameterizedTest(name = "tiles of {0}")
    @ValueSource(ints = {1, 7, 32, 33, 100})
    void scoresAreTheProductWhateverTheTiles(int side) {
        double[][] cross = DenseMatrices.random(33, 65, SEED);
        double[][] coefficients = DenseMatrices.random(65, 10, SEED + 1);
        double[][] expected = DenseMatrices.product(cross, coefficients);
        try (NativeMatrix a = DenseMatrices.nativeCopy(coefficients)) {
            Predictions predictions =
                    new Predictor(OpenBlas.load()).predict(new TilePlan(33, 65, side, false), tiles(cross), a);
            assertThat(predictions.count()).isEqualTo(33);
            for (int row = 0; row < 33; row++) {
                for (int c = 0; c < 10; c++) {
                    assertThat(predictions.score(row, c)).isCloseTo(expected[row][c], within(1e-12));
                }
            }
        }
    }

    @Test
    void nonFiniteEntryOfTheTestKernelIsNamed() {
        double[][] cross = DenseMatrices.random(5, 9, SEED);
        cross[3][8] = Double.NaN;
        try (NativeMatrix a = NativeMatrix.zeros(9, 2)) {
            assertThatThrownBy(
                            () -> new Predictor(OpenBlas.load()).predict(new TilePlan(5, 9, 4, false), tiles(cross), a))
                    .isInstanceOf(NonFiniteKernelException.class)
                    .hasMessageContaining("test kernel has NaN at row 3, column 8");
        }
    }

    @Test
    void highestScoreWinsAndTheLowestIndexOfEqualOnes() {
        Predictions predictions = Predictions.of(3, new double[] {0, 2, 1, 5, 5, 5, -1, -3, -1, 0.1, 0.2, 0.2});
        assertThat(List.of(0, 1, 2, 3)).map(predictions::predicted).containsExactly(1, 0, 0, 1);
    }

    @Test
    void targetsAreOneHotMinusOneOverClasses() {
        Labels labels = new Labels(new int[] {2, 0}, List.of("a", "b", "c", "d"));
        try (NativeMatrix targets = Targets.oneHotCentred(labels)) {
            assertThat(targets.get(0, 2)).isEqualTo(0.75);
            assertThat(targets.get(0, 0)).isEqualTo(-0.25);
            assertThat(targets.get(1, 0)).isEqualTo(0.75);
        }
    }

    @ParameterizedTest(name = "tiles of {0}")
    @ValueSource(ints = {1, 4, 9, 50})
    void tiledKernelWritesTheLowerTriangleOnce(int side) {
        double[][] k = DenseMatrices.randomPositiveDefinite(9, 1, SEED);
        int[][] writes = new int[9][9];
        new TiledKernel(new TilePlan(9, 9, side, true), tiles(k)).writeTo((col, row, values, from, count) -> {
            for (int step = 0; step < count; step++) {
                assertThat(values[from + step]).isEqualTo(k[row + step][col]);
                writes[row + step][col]++;
            }
        });
        for (int row = 0; row < 9; row++) {
            for (int col = 0; col < 9; col++) {
                assertThat(writes[row][col]).isEqualTo(row >= col ? 1 : 0);
            }
        }
    }

    private static TileReader tiles(double[][] matrix) {
        return (Tile tile, double[] out) -> {
            int index = 0;
            for (int row = tile.rowBegin(); row < tile.rowEnd(); row++) {
                for (int col = tile.colBegin(); col < tile.colEnd(); col++) {
                    out[index++] = matrix[row][col];
                }
            }
        };
    }
}

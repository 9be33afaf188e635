package cntk.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.plan.Precision;
import cntk.plan.TilePlan;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products of which others compute a block of rows each. */
class DistributedProductTest {
    private static final OpenBlas BLAS = OpenBlas.load();
    private static final double RIDGE = 0.25;

    /** n standard normal images' inner products, with NaN below the diagonal, which nobody may read. */
    private static TiledMatrix tiles(int n, int side) {
        double[][] images = DenseMatrices.random(n, 3 * n, 7);
        return new TiledMatrix(
                new TilePlan(n, n, side, true),
                (tile, out) -> {
                    for (int entry = 0; entry < tile.entries(); entry++) {
                        int row = tile.rowBegin() + entry / tile.cols();
                        int col = tile.colBegin() + entry % tile.cols();
                        out[entry] = row > col ? Double.NaN : dot(images[row], images[col]) / (3 * n);
                    }
                },
                Precision.F64);
    }

    private static double dot(double[] left, double[] right) {
        double sum = 0;
        for (int k = 0; k < left.length; k++) {
            sum += left[k] * right[k];
        }
        return sum;
    }

    private static TiledMatrix distributed(TiledMatrix matrix, AtomicInteger jobs) {
        return new TiledMatrix(matrix.plan(), matrix.reader(), matrix.stored(), Optional.of((v, columns, sink) -> {
            jobs.incrementAndGet();
            for (int block = matrix.plan().rowBlocks() - 1; block >= 0; block--) { // any order
                sink.take(block, RowBlockProduct.of(BLAS, matrix, block, v, columns));
            }
        }));
    }

    @ParameterizedTest(name = "n {0}, tiles of {1}, {2} columns")
    @CsvSource({"1, 1, 1", "7, 8, 3", "16, 8, 2", "33, 8, 10", "50, 16, 10", "64, 1, 4"})
    void bitsAreThoseOfTheProductInOneProcess(int n, int side, int columns) {
        TiledMatrix matrix = tiles(n, side);
        try (NativeMatrix v = DenseMatrices.nativeCopy(DenseMatrices.random(n, columns, 8));
                NativeMatrix here = NativeMatrix.zeros(n, columns);
                NativeMatrix there = NativeMatrix.zeros(n, columns);
                OrderedTasks tasks = new OrderedTasks(2);
                TiledProduct local = new TiledProduct(
                        new Lapack(BLAS), new TileStream(matrix, () -> false), tasks, RIDGE, columns)) {
            BLAS.setThreads(1);
            local.apply(v, here);
            TiledMatrix elsewhere = distributed(matrix, new AtomicInteger());
            TileStream stream = new TileStream(elsewhere, () -> false);
            new DistributedProduct(elsewhere.products().orElseThrow(), stream, RIDGE).apply(v, there);
            assertThat(DenseRows.of(there)).isDeepEqualTo(DenseRows.of(here));
            assertThat(stream.bytes()).as("every tile for each of its blocks").isEqualTo((long) n * n * Double.BYTES);
        }
    }

    @Test
    void solveHasTheSameBitsWithIt() {
        TiledMatrix matrix = tiles(60, 16);
        AtomicInteger jobs = new AtomicInteger();
        double[][] here = coefficients(matrix);
        double[][] there = coefficients(distributed(matrix, jobs));
        assertThat(there).isDeepEqualTo(here);
        assertThat(jobs.get()).isGreaterThan(2);
    }

    private static double[][] coefficients(TiledMatrix matrix) {
        try (NativeMatrix targets = DenseMatrices.nativeCopy(DenseMatrices.random(60, 3, 9))) {
            PcgSettings settings = new PcgSettings(OptionalInt.of(5), 1e-9, 200, 1e9);
            new ConjugateGradients(BLAS, 1, settings, PcgListener.none(), () -> false)
                    .solve(matrix, targets, RIDGE, null);
            return DenseRows.of(targets);
        }
    }

    @Test
    void missingRowsAreNoAnswer() {
        TiledMatrix matrix = tiles(20, 8);
        try (NativeMatrix v = NativeMatrix.zeros(20, 1);
                NativeMatrix out = NativeMatrix.zeros(20, 1);
                DistributedProduct product = new DistributedProduct(
                        (_, _, sink) -> sink.take(0, new double[8]), new TileStream(matrix, () -> false), 0)) {
            assertThatThrownBy(() -> product.apply(v, out)).hasMessageContaining("rows 1 of the product are missing");
        }
    }

    @Test
    void stoppedSolveStartsNoProduct() {
        TiledMatrix matrix = tiles(20, 8);
        AtomicInteger jobs = new AtomicInteger();
        try (NativeMatrix v = NativeMatrix.zeros(20, 1);
                NativeMatrix out = NativeMatrix.zeros(20, 1);
                DistributedProduct product = new DistributedProduct(
                        (_, _, _) -> jobs.incrementAndGet(), new TileStream(matrix, () -> true), 0)) {
            assertThatThrownBy(() -> product.apply(v, out)).isInstanceOf(SolveStoppedException.class);
            assertThat(jobs.get()).isZero();
        }
    }
}

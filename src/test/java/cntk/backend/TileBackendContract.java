package cntk.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.arch.ArchitectureJson;
import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.dataset.ImageSet;
import cntk.dataset.ImageShape;
import cntk.plan.KernelKind;
import cntk.plan.KernelTask;
import cntk.plan.Tile;
import cntk.plan.TilePlan;
import cntk.support.CoveredGolden;
import cntk.support.GoldenCase;
import cntk.support.RandomImages;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every backend promises: exact properties first, then agreement with the golden files. A backend inherits this suite
 * once per precision and says how to open itself and what its arithmetic can hold.
 */
abstract class TileBackendContract {
    private static final ImageShape SMALL = new ImageShape(2, 3, 4);
    private static final String FLAT = "(conv relu)x3 flatten dense";
    private static final String GAP = "(conv relu)x2 gap dense";

    /** A backend for one network, in the precision of this suite. */
    abstract KernelBackend backend(Network network, KernelKind kind, int threads);

    /** Largest relative error allowed where rounding may differ. */
    abstract double tolerance();

    /** Largest relative error allowed against one golden file. */
    abstract double goldenTolerance(GoldenCase golden);

    /**
     * The share of a matrix's largest entry below which an error counts relative to that share: sums that cancel keep the
     * absolute error of their terms. 0 where every digit of every entry counts.
     */
    double cancellationFloor() {
        return 0;
    }

    /** Golden files that this backend is held to. */
    List<GoldenCase> goldenCases() {
        return CoveredGolden.all();
    }

    static Stream<String> networks() {
        return Stream.of(
                FLAT,
                GAP,
                "(conv(pad=circular,b=0.1) relu)x2 gap dense(b=0.2)",
                "conv(k=5,b=0.3,train=false) relu conv(k=1) relu flatten dense relu dense(b=0.1)",
                "(conv(k=5,pad=circular) relu)x2 flatten dense",
                "conv relu conv gap dense relu dense(train=false)",
                "conv(k=1,w=0.9) conv relu gap",
                "fc(depth=3,b=0.1)",
                "cntk(depth=3,readout=flatten)",
                "cntk(depth=3)");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 31, 32, 33})
    void mirroredTileIsTheTransposeBitForBit(int count) throws InterruptedException {
        for (String text : List.of(FLAT, GAP, "(conv(pad=circular,b=0.1) relu)x2 gap dense")) {
            ImageSet images = RandomImages.of(count, SMALL, 7);
            int half = count / 2;
            for (KernelKind kind : KernelKind.values()) {
                try (KernelBackend backend = backend(network(text, SMALL), kind, 1)) {
                    TileBackend worker = backend.open(images, images).get(0);
                    double[] upper = compute(worker, 0, half, half, count);
                    double[] lower = compute(worker, half, count, 0, half);
                    double[] whole = compute(worker, 0, count, 0, count);
                    assertThat(lower).as(text).containsExactly(transposed(upper, half, count - half));
                    assertThat(whole).as(text).containsExactly(transposed(whole, count, count));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("networks")
    void bitsDoNotDependOnTheTileOrTheWorker(String text) throws InterruptedException {
        int count = 7;
        ImageSet images = RandomImages.of(count, SMALL, 8);
        try (KernelBackend backend = backend(network(text, SMALL), KernelKind.NTK, 2)) {
            List<TileBackend> workers = backend.open(images, images);
            double[] whole = compute(workers.get(0), 0, count, 0, count);
            for (int side : new int[] {1, 2, 3, 5}) {
                for (Tile tile : new TilePlan(count, count, side, false).tiles()) {
                    TileBackend worker = workers.get((tile.rowBlock() + tile.colBlock()) % workers.size());
                    double[] part = compute(worker, tile.rowBegin(), tile.rowEnd(), tile.colBegin(), tile.colEnd());
                    assertThat(part).as("%s, tile %s", text, tile).containsExactly(cut(whole, count, tile));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("networks")
    void rectangularBlocksAreSymmetricWithinRounding(String text) throws InterruptedException {
        ImageSet rows = RandomImages.of(3, SMALL, 9);
        ImageSet cols = RandomImages.of(5, SMALL, 10);
        double[] block = matrix(text, KernelKind.NTK, rows, cols);
        double[] mirrored = transposed(matrix(text, KernelKind.NTK, cols, rows), 5, 3);
        assertClose(text, block, mirrored);
    }

    @ParameterizedTest
    @ValueSource(strings = {FLAT, GAP, "(conv(k=5,pad=circular) relu)x2 gap dense relu dense", "fc(depth=4)"})
    void doublingRowImagesDoublesTheKernelExactly(String text) throws InterruptedException {
        ImageSet rows = RandomImages.of(4, SMALL, 11);
        ImageSet cols = RandomImages.of(3, SMALL, 12);
        for (KernelKind kind : KernelKind.values()) {
            double[] plain = matrix(text, kind, rows, cols);
            double[] ofDoubled = matrix(text, kind, RandomImages.scaled(rows, 2), cols);
            assertThat(ofDoubled).as(text).containsExactly(times(plain, 2));
        }
    }

    @ParameterizedTest
    @MethodSource("networks")
    void flippingBothImagesChangesNothingWithinRounding(String text) throws InterruptedException {
        ImageSet images = RandomImages.of(4, SMALL, 13);
        ImageSet flipped = RandomImages.flipped(images);
        for (KernelKind kind : KernelKind.values()) {
            assertClose(text, matrix(text, kind, flipped, flipped), matrix(text, kind, images, images));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 6})
    void selfPairUnderFlattenIsTheNngpTimesTheTrainedLayers(int convs) throws InterruptedException {
        for (String padding : List.of("zero", "circular")) {
            String text = "conv(pad=" + padding + ",train=false) relu (conv(pad=" + padding + ") relu)x" + convs
                    + " flatten dense(w=1.5)";
            ImageSet images = RandomImages.of(5, SMALL, 14);
            double[] nngp = matrix(text, KernelKind.NNGP, images, images);
            double[] ntk = matrix(text, KernelKind.NTK, images, images);
            for (int image = 0; image < 5; image++) {
                double expected = (convs + 1) * nngp[image * 5 + image];
                assertThat(Math.abs(ntk[image * 5 + image] - expected)).isLessThanOrEqualTo(tolerance() * expected);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(KernelKind.class)
    void everySizeAgreesWithTheOracle(KernelKind kind) throws InterruptedException {
        for (ImageShape shape : List.of(
                new ImageShape(3, 1, 1),
                new ImageShape(1, 1, 5),
                new ImageShape(1, 2, 3),
                new ImageShape(3, 3, 3),
                new ImageShape(2, 5, 7),
                new ImageShape(1, 8, 8))) {
            ImageSet rows = RandomImages.of(3, shape, 15);
            ImageSet cols = RandomImages.of(2, shape, 16);
            for (String text : networks().toList()) {
                double[] expected;
                try (KernelBackend oracle = new OracleBackend(KernelTask.of(network(text, shape), kind), 1)) {
                    expected = compute(oracle.open(rows, cols).get(0), 0, 3, 0, 2);
                }
                assertClose(text + " on " + shape, matrix(text, kind, rows, cols), expected);
            }
        }
    }

    @Test
    void goldenFilesAgree() throws InterruptedException {
        for (GoldenCase golden : goldenCases()) {
            Network network = Network.of(ArchitectureJson.parse(golden.archJson(), golden.name()), golden.shape());
            for (KernelKind kind : KernelKind.values()) {
                if (golden.matrixOf(kind.word()).isEmpty()) {
                    continue;
                }
                double[][] expected = golden.matrixOf(kind.word()).orElseThrow();
                int rows = golden.x1().count();
                int cols = golden.columns().count();
                try (KernelBackend backend = backend(network, kind, 1)) {
                    TileBackend worker =
                            backend.open(golden.x1(), golden.columns()).get(0);
                    double[] actual = compute(worker, 0, rows, 0, cols);
                    double[] flat = Arrays.stream(expected)
                            .flatMapToDouble(Arrays::stream)
                            .toArray();
                    assertClose(golden.name() + " " + kind.word(), actual, flat, goldenTolerance(golden));
                }
            }
        }
    }

    @Test
    void interruptedThreadStopsBetweenPairs() {
        ImageSet images = RandomImages.of(40, SMALL, 17);
        try (KernelBackend backend = backend(network(GAP, SMALL), KernelKind.NTK, 1)) {
            TileBackend worker = backend.open(images, images).get(0);
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> compute(worker, 0, 40, 0, 40)).isInstanceOf(InterruptedException.class);
            assertThat(Thread.interrupted()).isFalse();
        }
    }

    @Test
    void threadsGiveAsManyWorkers() {
        ImageSet images = RandomImages.of(2, SMALL, 18);
        try (KernelBackend backend = backend(network(FLAT, SMALL), KernelKind.NTK, 3)) {
            assertThat(backend.open(images, images)).hasSize(3);
        }
    }

    static Network network(String text, ImageShape shape) {
        return ArchitectureParser.network(text, shape);
    }

    /** The whole block K[rows, cols], row-major. */
    final double[] matrix(String text, KernelKind kind, ImageSet rows, ImageSet cols) throws InterruptedException {
        try (KernelBackend backend = backend(network(text, rows.shape()), kind, 1)) {
            return compute(backend.open(rows, cols).get(0), 0, rows.count(), 0, cols.count());
        }
    }

    private static double[] compute(TileBackend worker, int rowBegin, int rowEnd, int colBegin, int colEnd)
            throws InterruptedException {
        Tile tile = new Tile(0, 0, rowBegin, rowEnd, colBegin, colEnd);
        double[] out = new double[tile.entries()];
        if (out.length > 0) {
            worker.compute(tile, out);
        }
        return out;
    }

    private void assertClose(String what, double[] actual, double[] expected) {
        assertClose(what, actual, expected, tolerance());
    }

    private void assertClose(String what, double[] actual, double[] expected, double tolerance) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
        for (int e = 0; e < expected.length; e++) {
            double scale = Math.max(Math.abs(expected[e]), cancellationFloor() * largest);
            assertThat(actual[e]).as("%s entry %d", what, e).isFinite();
            assertThat(Math.abs(actual[e] - expected[e]))
                    .as("%s entry %d: %s for %s", what, e, actual[e], expected[e])
                    .isLessThanOrEqualTo(tolerance * scale);
        }
    }

    private static double[] transposed(double[] matrix, int rows, int cols) {
        double[] out = new double[matrix.length];
        for (int row = 0; row < rows; row++) {
            for (int col = 0; col < cols; col++) {
                out[col * rows + row] = matrix[row * cols + col];
            }
        }
        return out;
    }

    private static double[] cut(double[] whole, int side, Tile tile) {
        double[] out = new double[tile.entries()];
        for (int e = 0; e < out.length; e++) {
            out[e] = whole[(tile.rowBegin() + e / tile.cols()) * side + tile.colBegin() + e % tile.cols()];
        }
        return out;
    }

    private static double[] times(double[] matrix, double factor) {
        return Arrays.stream(matrix).map(value -> factor * value).toArray();
    }
}

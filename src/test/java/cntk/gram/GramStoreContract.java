package cntk.gram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.plan.KernelKind;
import cntk.plan.Precision;
import cntk.plan.Tile;
import cntk.plan.TilePlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What every {@link GramStore} promises. */
abstract class GramStoreContract {
    /** An empty store. */
    abstract GramStore create(GramSpec spec);

    static GramSpec spec(int rows, int cols, int side, boolean symmetric, Precision precision) {
        return new GramSpec(new TilePlan(rows, cols, side, symmetric), precision, KernelKind.NTK, "0123abcd");
    }

    /** Values that tell every entry of every matrix from any other, and that a wrong width or order would change. */
    static double[] valuesOf(GramSpec spec, Tile tile) {
        double[] values = new double[tile.entries()];
        for (int entry = 0; entry < values.length; entry++) {
            int row = tile.rowBegin() + entry / tile.cols();
            int col = tile.colBegin() + entry % tile.cols();
            values[entry] = valueAt(spec, row, col);
        }
        return values;
    }

    static double valueAt(GramSpec spec, int row, int col) {
        int first = spec.plan().symmetric() ? Math.min(row, col) : row;
        int second = spec.plan().symmetric() ? Math.max(row, col) : col;
        double value = Math.sin(1 + first) * (second + 1 / 3.0);
        return spec.precision() == Precision.F32 ? (float) value : value;
    }

    @ParameterizedTest(name = "{0} x {1} by {2}, symmetric {3}, {4}")
    @CsvSource({
        "1, 1, 1, true, F32",
        "1, 1, 16, true, F64",
        "2, 2, 1, true, F64",
        "31, 31, 16, true, F32",
        "32, 32, 16, true, F64",
        "33, 33, 16, true, F32",
        "3, 50, 16, false, F64",
        "50, 3, 16, false, F32",
        "17, 33, 16, false, F32"
    })
    void whatWasCommittedIsReadBitForBit(int rows, int cols, int side, boolean symmetric, Precision precision) {
        GramSpec spec = spec(rows, cols, side, symmetric, precision);
        try (GramStore store = create(spec)) {
            assertThat(store.missing()).isEqualTo(store.plan().tiles());
            for (Tile tile : store.plan().tiles()) {
                store.commit(tile, valuesOf(spec, tile));
            }
            assertThat(store.missing()).isEmpty();
            for (Tile tile : store.plan().tiles()) {
                double[] out = new double[tile.entries()];
                store.read(tile, out);
                assertThat(out).isEqualTo(valuesOf(spec, tile));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void extremeNumbersKeepTheirBits(Precision precision) {
        GramSpec spec = spec(1, 8, 8, false, precision);
        Tile tile = spec.plan().tile(0, 0);
        double[] values = precision == Precision.F32
                ? new double[] {-0.0, 0.0, Float.MIN_VALUE, Float.MAX_VALUE, -Float.MIN_NORMAL, 0.1f, 1, 16777217f}
                : new double[] {-0.0, 0.0, Double.MIN_VALUE, Double.MAX_VALUE, -Double.MIN_NORMAL, 0.1, 1, 16777217};
        try (GramStore store = create(spec)) {
            store.commit(tile, values);
            double[] out = new double[8];
            store.read(tile, out);
            assertThat(Arrays.stream(out).mapToLong(Double::doubleToRawLongBits))
                    .containsExactlyElementsOf(Arrays.stream(values)
                            .mapToLong(Double::doubleToRawLongBits)
                            .boxed()
                            .toList());
        }
    }

    @Test
    void theBuffersMayBeLongerThanTheTile() {
        GramSpec spec = spec(20, 20, 16, true, Precision.F64);
        Tile edge = spec.plan().tile(1, 1);
        try (GramStore store = create(spec)) {
            double[] values = Arrays.copyOf(valuesOf(spec, edge), 256);
            Arrays.fill(values, edge.entries(), 256, Double.NaN);
            store.commit(edge, values);
            double[] out = new double[256];
            store.read(edge, out);
            assertThat(Arrays.copyOf(out, edge.entries())).isEqualTo(valuesOf(spec, edge));
        }
    }

    @Test
    void missingTilesComeInTheOrderOfThePlan() {
        GramSpec spec = spec(40, 40, 16, true, Precision.F32);
        List<Tile> tiles = spec.plan().tiles();
        try (GramStore store = create(spec)) {
            store.commit(tiles.get(1), valuesOf(spec, tiles.get(1)));
            store.commit(tiles.getLast(), valuesOf(spec, tiles.getLast()));
            List<Tile> expected = new ArrayList<>(tiles);
            expected.removeAll(List.of(tiles.get(1), tiles.getLast()));
            assertThat(store.missing()).isEqualTo(expected);
        }
    }

    @Test
    void theFirstCommitWins() {
        GramSpec spec = spec(16, 16, 16, true, Precision.F64);
        Tile tile = spec.plan().tile(0, 0);
        try (GramStore store = create(spec)) {
            store.commit(tile, valuesOf(spec, tile));
            store.commit(tile, new double[256]);
            double[] out = new double[256];
            store.read(tile, out);
            assertThat(out).isEqualTo(valuesOf(spec, tile));
        }
    }

    @Test
    void aMissingTileCannotBeRead() {
        GramSpec spec = spec(16, 16, 16, true, Precision.F64);
        try (GramStore store = create(spec)) {
            assertThatThrownBy(() -> store.read(spec.plan().tile(0, 0), new double[256]))
                    .isInstanceOf(StoreException.class);
        }
    }

    @ParameterizedTest
    @CsvSource({"F32, 0.1", "F32, 1e300", "F32, NaN", "F32, Infinity", "F64, NaN", "F64, -Infinity"})
    void aValueThatCannotBeKeptIsRefused(Precision precision, double value) {
        GramSpec spec = spec(40, 40, 16, true, precision);
        Tile tile = spec.plan().tile(1, 2);
        double[] values = valuesOf(spec, tile);
        values[3] = value;
        try (GramStore store = create(spec)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> store.commit(tile, values))
                    .withMessageContaining("K[16, 35] = " + value);
            assertThat(store.missing()).contains(tile);
        }
    }

    @Test
    void aTileOfAnotherPlanIsRefused() {
        GramSpec spec = spec(40, 40, 16, true, Precision.F32);
        List<Tile> foreign = List.of(
                new Tile(1, 0, 16, 32, 0, 16), // below the diagonal
                new Tile(0, 0, 0, 15, 0, 16),
                new Tile(0, 3, 0, 16, 48, 64),
                new Tile(-1, 0, -16, 0, 0, 16));
        try (GramStore store = create(spec)) {
            for (Tile tile : foreign) {
                assertThatIllegalArgumentException().isThrownBy(() -> store.commit(tile, new double[256]));
                assertThatIllegalArgumentException().isThrownBy(() -> store.read(tile, new double[256]));
            }
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> store.commit(spec.plan().tile(0, 0), new double[255]));
        }
    }

    @Test
    void manyThreadsMayCommitAndReadTheSameTiles() throws Exception {
        GramSpec spec = spec(60, 60, 8, true, Precision.F32);
        try (GramStore store = create(spec);
                var threads = Executors.newFixedThreadPool(4)) {
            List<Future<?>> ends = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                List<Tile> order = new ArrayList<>(spec.plan().tiles());
                Collections.shuffle(order, new Random(thread));
                ends.add(threads.submit(() -> {
                    double[] out = new double[64];
                    for (Tile tile : order) {
                        store.commit(tile, valuesOf(spec, tile));
                        store.read(tile, out);
                        assertThat(Arrays.copyOf(out, tile.entries())).isEqualTo(valuesOf(spec, tile));
                    }
                }));
            }
            for (Future<?> end : ends) {
                end.get();
            }
            assertThat(store.missing()).isEmpty();
        }
    }

    @Test
    void anInterruptDoesNotBreakOffACommit() {
        GramSpec spec = spec(16, 16, 16, true, Precision.F64);
        Tile tile = spec.plan().tile(0, 0);
        try (GramStore store = create(spec)) {
            Thread.currentThread().interrupt();
            store.commit(tile, valuesOf(spec, tile));
            assertThat(store.missing()).isEmpty();
            assertThat(Thread.interrupted()).as("the interrupt stays set").isTrue();
        }
    }
}

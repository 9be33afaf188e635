package cntk.gram;

import static cntk.gram.GramStoreContract.valueAt;
import static cntk.gram.GramStoreContract.valuesOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.plan.Precision;
import cntk.plan.Tile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GramReaderTest {
    private static GramStore full(int rows, int cols, boolean symmetric, Precision precision) {
        GramStore store = new InMemoryGramStore(GramStoreContract.spec(rows, cols, 8, symmetric, precision));
        for (Tile tile : store.plan().tiles()) {
            store.commit(tile, valuesOf(store.spec(), tile));
        }
        return store;
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, true, F32, F64, 0",
        "20, 20, true, F32, F64, 0",
        "20, 20, true, F64, F64, 3",
        "20, 20, true, F32, F32, 1",
        "9, 21, false, F32, F32, 0",
        "21, 9, false, F64, F64, 2",
        "3, 16, false, F32, F64, 5"
    })
    void aFilledMatrixHasEveryEntryBitForBit(
            int rows, int cols, boolean symmetric, Precision stored, Precision element, int gap) {
        GramStore store = full(rows, cols, symmetric, stored);
        int stride = cols + gap;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment matrix = arena.allocate((long) rows * stride * element.bytes(), 64);
            new GramReader(store).fill(matrix, stride, element);
            for (int row = 0; row < rows; row++) {
                for (int col = 0; col < stride; col++) {
                    long place = (long) row * stride + col;
                    double entry = element == Precision.F32
                            ? matrix.getAtIndex(ValueLayout.JAVA_FLOAT, place)
                            : matrix.getAtIndex(ValueLayout.JAVA_DOUBLE, place);
                    assertThat(entry).isEqualTo(col < cols ? valueAt(store.spec(), row, col) : 0.0);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1, true", "8, 8, true", "20, 20, true", "9, 21, false", "21, 9, false"})
    void rowBlocksComeInOrderWithBothHalves(int rows, int cols, boolean symmetric) {
        GramStore store = full(rows, cols, symmetric, Precision.F64);
        List<Integer> seen = new ArrayList<>();
        new GramReader(store).forEachRowBlock((rowBegin, rowEnd, values) -> {
            for (int row = rowBegin; row < rowEnd; row++) {
                seen.add(row);
                for (int col = 0; col < cols; col++) {
                    assertThat(values[(row - rowBegin) * cols + col]).isEqualTo(valueAt(store.spec(), row, col));
                }
            }
        });
        assertThat(seen).hasSize(rows).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void everyStoredTileIsVisitedOnce() {
        GramStore store = full(20, 20, true, Precision.F32);
        List<Tile> seen = new ArrayList<>();
        new GramReader(store).forEachTile((tile, values) -> seen.add(tile));
        assertThat(seen).containsExactlyInAnyOrderElementsOf(store.plan().tiles());
    }

    @Test
    void doublesAreNotSqueezedIntoFloats() {
        GramStore store = full(4, 4, true, Precision.F64);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment matrix = arena.allocate(1024, 64);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new GramReader(store).fill(matrix, 4, Precision.F32))
                    .withMessageContaining("does not fit into floats");
        }
    }

    @Test
    void memoryThatIsTooSmallIsRefused() {
        GramReader reader = new GramReader(full(4, 4, true, Precision.F64));
        try (Arena arena = Arena.ofConfined()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> reader.fill(arena.allocate(4 * 4 * 8 - 1, 8), 4, Precision.F64));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> reader.fill(arena.allocate(1024, 8), 3, Precision.F64));
        }
    }

    @Test
    void aMissingTileIsAnError() {
        GramStore store = new InMemoryGramStore(GramStoreContract.spec(4, 4, 8, true, Precision.F64));
        assertThatThrownBy(() -> new GramReader(store).forEachRowBlock((rowBegin, rowEnd, values) -> {}))
                .isInstanceOf(StoreException.class);
    }
}

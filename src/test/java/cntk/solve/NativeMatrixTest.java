package cntk.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class NativeMatrixTest {
    @Test
    void entriesAreKeptColumnByColumn() {
        try (NativeMatrix a = NativeMatrix.zeros(3, 2)) {
            a.putColumn(1, 1, new double[] {9, 5, 6, 9}, 1, 2);
            a.set(0, 0, 1);
            assertThat(a.segment().toArray(java.lang.foreign.ValueLayout.JAVA_DOUBLE))
                    .containsExactly(1, 0, 0, 0, 5, 6);
            double[] out = new double[3];
            a.getColumn(1, 1, out, 1, 2);
            assertThat(out).containsExactly(0, 5, 6);
            assertThat(a.trace()).isEqualTo(6);
        }
    }

    @Test
    void indicesOutsideAreRefused() {
        try (NativeMatrix a = NativeMatrix.zeros(3, 2)) {
            assertThatThrownBy(() -> a.get(3, 0)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> a.set(0, 2, 1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> a.putColumn(0, 2, new double[2], 0, 2))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void sizesAreCountedIn64Bits() {
        assertThat(NativeMatrix.bytes(50_000, 50_000)).isEqualTo(20_000_000_000L);
    }

    @Test
    void moreMemoryThanTheMachineHasIsRefusedWithBothNumbers() {
        assertThatThrownBy(() -> NativeMatrix.zeros(2_000_000, 1_000_000))
                .isInstanceOf(MemoryShortageException.class)
                .hasMessageContaining("2000000 x 1000000")
                .hasMessageContaining("14901.16 GiB");
    }

    @Test
    void useAfterCloseIsAnErrorAndClosingTwiceIsNot() {
        NativeMatrix a = NativeMatrix.zeros(2, 2);
        a.close();
        a.close();
        assertThatThrownBy(() -> a.get(0, 0)).isInstanceOf(IllegalStateException.class);
    }
}

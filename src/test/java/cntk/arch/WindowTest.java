package cntk.arch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WindowTest {
    /** First and last pixel of every window along a side, worked out by hand from XLA's "SAME" and "VALID" rules. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                8 | 3 | 1 | ZERO     | -1..1 0..2 1..3 2..4 3..5 4..6 5..7 6..8
                8 | 3 | 2 | ZERO     | 0..2 2..4 4..6 6..8
                9 | 3 | 2 | ZERO     | -1..1 1..3 3..5 5..7 7..9
                8 | 5 | 2 | ZERO     | -1..3 1..5 3..7 5..9
                9 | 7 | 2 | ZERO     | -3..3 -1..5 1..7 3..9 5..11
                4 | 1 | 2 | ZERO     | 0..0 2..2
                5 | 2 | 2 | ZERO     | 0..1 2..3 4..5
                4 | 2 | 1 | ZERO     | 0..1 1..2 2..3 3..4
                8 | 3 | 2 | VALID    | 0..2 2..4 4..6
                9 | 3 | 2 | VALID    | 0..2 2..4 4..6 6..8
                7 | 7 | 1 | VALID    | 0..6
                5 | 2 | 2 | VALID    | 0..1 2..3
                6 | 3 | 3 | CIRCULAR | 0..2 3..5
                4 | 3 | 2 | CIRCULAR | 0..2 2..4
                """)
    void windowsStandWhereXlaPutsThem(int side, int k, int stride, Padding padding, String windows) {
        Window window = new Window(k, stride, padding);
        String found = IntStream.range(0, window.positions(side))
                .map(position -> position * stride - window.leading(side))
                .mapToObj(first -> first + ".." + (first + k - 1))
                .collect(Collectors.joining(" "));
        assertThat(found).isEqualTo(windows);
        for (int position = 0; position < window.positions(side); position++) {
            for (int place = 0; place < k; place++) {
                int pixel = position * stride - window.leading(side) + place;
                int outside = padding == Padding.CIRCULAR ? Math.floorMod(pixel, side) : -1;
                assertThat(window.pixel(side, position, place)).isEqualTo(pixel >= 0 && pixel < side ? pixel : outside);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"2,3", "6,7"})
    void aWindowThatHasToStayInsideDoesNotFitAShorterSide(int side, int k) {
        assertThat(new Window(k, 1, Padding.VALID).positions(side)).isZero();
    }
}

package cntk.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PairedTestTest {
    /** Tails of fair coins by hand: 2 (1 + 6) / 64, 2 (1 + 10 + 45) / 1024, and no coin at all. */
    @ParameterizedTest
    @CsvSource({"1, 5, 0.21875", "5, 1, 0.21875", "2, 8, 0.109375", "3, 3, 1", "0, 1, 1", "0, 5, 0.0625", "0, 0, 1"})
    void theProbabilityIsThatOfFairCoins(int onlyFirst, int onlySecond, double expected) {
        boolean[] first = new boolean[onlyFirst + onlySecond + 4];
        boolean[] second = new boolean[first.length];
        for (int image = 0; image < first.length; image++) {
            first[image] = image < onlyFirst || image == first.length - 1; // the last one both, three neither
            second[image] = (image >= onlyFirst && image < onlyFirst + onlySecond) || image == first.length - 1;
        }
        PairedTest test = PairedTest.of(first, second);
        assertThat(test.onlyFirst()).isEqualTo(onlyFirst);
        assertThat(test.onlySecond()).isEqualTo(onlySecond);
        assertThat(test.pValue()).isCloseTo(expected, within(1e-14));
    }
}

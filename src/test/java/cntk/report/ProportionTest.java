package cntk.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProportionTest {
    /** Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3 (Wilson): printed to four decimals. */
    @ParameterizedTest(name = "{0} of {1}")
    @CsvSource({"81, 263, 0.2553, 0.3662", "15, 148, 0.0624, 0.1605", "0, 20, 0, 0.1611", "1, 29, 0.0061, 0.1718"})
    void intervalsAreThePublishedOnes(int successes, int trials, double low, double high) {
        Proportion share = new Proportion(successes, trials);
        assertThat(share.low()).isCloseTo(low, within(5.001e-5));
        assertThat(share.high()).isCloseTo(high, within(5.001e-5));
    }

    /** The ends are where the score test is on its border: |p - share| = z sqrt(p (1-p) / n). */
    @ParameterizedTest
    @CsvSource({"1, 2", "4343, 10000", "91, 250", "999, 1000"})
    void endsSolveTheEquationOfTheScoreTest(int successes, int trials) {
        Proportion share = new Proportion(successes, trials);
        for (double end : new double[] {share.low(), share.high()}) {
            double score = Math.abs(end - share.share()) / Math.sqrt(end * (1 - end) / trials);
            assertThat(score).isCloseTo(1.959963984540054, within(1e-9));
        }
    }

    @Test
    void endsAreExactAtNoneAndAll() {
        assertThat(new Proportion(0, 7).low()).isZero();
        assertThat(new Proportion(7, 7).high()).isOne();
        assertThat(new Proportion(0, 0)).satisfies(none -> {
            assertThat(none.share()).isNaN();
            assertThat(none.low()).isZero();
            assertThat(none.high()).isOne();
        });
        assertThatThrownBy(() -> new Proportion(3, 2)).isInstanceOf(IllegalArgumentException.class);
    }
}

package cntk.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.plan.Tile;
import cntk.schedule.ProgressListener.Work;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProgressLineTest {
    private static final Tile TILE = new Tile(0, 0, 0, 1, 0, 1);

    private long nanos;
    private final Progress progress = new Progress(2_500_000, () -> nanos);

    private ProgressLine line(boolean terminal) {
        return new ProgressLine("train", progress, terminal, () -> nanos);
    }

    @Test
    void theLineSaysWhatIsDoneHowFastAndHowLongItTakes() {
        ProgressLine line = line(true);
        progress.started(new Work(10, 2_500_000), new Work(0, 0));
        assertThat(line.text()).isEqualTo("train [>                       ]   0.0%  0 of 2,500,000 pairs");
        nanos = 4_000_000_000L;
        progress.tileDone(TILE, 1_000_000, "cpu/0");
        assertThat(line.text())
                .isEqualTo("train [=========>              ]  40.0%  1,000,000 of 2,500,000 pairs"
                        + "  250,000 pairs/s  6 s left");
        progress.tileDone(TILE, 1_500_000, "cpu/0");
        assertThat(line.text())
                .isEqualTo("train [========================] 100.0%  2,500,000 of 2,500,000 pairs  625,000 pairs/s");
    }

    @Test
    void slowRatesHaveADecimal() {
        progress.started(new Work(10, 2_500_000), new Work(0, 0));
        nanos = 10_000_000_000L;
        progress.tileDone(TILE, 123, "cpu/0");
        assertThat(line(true).text()).contains(" 12.3 pairs/s ", " h ");
    }

    @Test
    void nearlyDoneIsNotCalledDone() {
        progress.started(new Work(10, 2_500_000), new Work(0, 0));
        nanos = 1;
        progress.tileDone(TILE, 2_499_999, "cpu/0");
        assertThat(line(true).text()).contains(" 99.9%").doesNotContain("100.0%");
    }

    @Test
    void aTerminalLineIsDueFiveTimesASecondAndOverwritesItself() {
        ProgressLine line = line(true);
        assertThat(line.due()).isEmpty();
        nanos = 200_000_000L;
        assertThat(line.due())
                .hasValueSatisfying(
                        text -> assertThat(text).startsWith("\rtrain").endsWith("\u001b[K"));
        assertThat(line.due()).isEmpty();
    }

    @Test
    void aLogLineIsDueEveryTenSeconds() {
        ProgressLine line = line(false);
        nanos = 9_999_999_999L;
        assertThat(line.due()).isEmpty();
        nanos = 10_000_000_000L;
        assertThat(line.due())
                .hasValueSatisfying(text -> assertThat(text).startsWith("train").endsWith("\n"));
        nanos = 19_999_999_999L;
        assertThat(line.due()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"0, 0 s", "59.2, 1 min 0 s", "200, 3 min 20 s", "7500, 2 h 5 min", "273600, 3 d 4 h"})
    void durationsHaveTwoUnits(double seconds, String text) {
        assertThat(ProgressLine.duration(seconds)).isEqualTo(text);
    }
}

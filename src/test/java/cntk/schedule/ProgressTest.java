package cntk.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cntk.plan.Tile;
import cntk.schedule.ProgressListener.Work;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private static final Tile TILE = new Tile(0, 0, 0, 1, 0, 1);
    private static final double EXACT = 1e-9;

    private long nanos = 5_000_000_000L;

    private Progress progress(long total) {
        return new Progress(total, () -> nanos);
    }

    private void pass(double seconds) {
        nanos += (long) (seconds * 1e9);
    }

    private void tile(Progress progress, double afterSeconds, long pairs) {
        pass(afterSeconds);
        progress.tileDone(TILE, pairs, "cpu/0");
    }

    @Test
    void thereIsNoRateBeforeTheFirstTile() {
        Progress progress = progress(1000);
        assertThat(progress.pairsPerSecond()).isEmpty();
        progress.started(new Work(10, 1000), new Work(0, 0));
        pass(100);
        assertThat(progress.pairsPerSecond()).isEmpty();
        assertThat(progress.secondsLeft()).isEmpty();
    }

    @Test
    void rateAndTimeLeftFollowFromTheTiles() {
        Progress progress = progress(1000);
        progress.started(new Work(10, 1000), new Work(0, 0));
        tile(progress, 2, 100);
        tile(progress, 2, 100);
        assertThat(progress.donePairs()).isEqualTo(200);
        assertThat(progress.pairsPerSecond().orElseThrow()).isCloseTo(50, within(EXACT));
        assertThat(progress.secondsLeft().orElseThrow()).isCloseTo(16, within(EXACT));
        pass(1);
        assertThat(progress.pairsPerSecond().orElseThrow())
                .as("no sag between tiles")
                .isCloseTo(50, within(EXACT));
        assertThat(progress.secondsLeft().orElseThrow()).isCloseTo(15, within(EXACT));
    }

    @Test
    void whatAnEarlierRunLeftCountsAsDoneButNotForTheRate() {
        Progress progress = progress(1000);
        progress.started(new Work(1, 100), new Work(9, 900));
        assertThat(progress.donePairs()).isEqualTo(900);
        tile(progress, 10, 50);
        assertThat(progress.pairsPerSecond().orElseThrow()).isCloseTo(5, within(EXACT));
        assertThat(progress.secondsLeft().orElseThrow()).isCloseTo(10, within(EXACT));
    }

    @Test
    void theRateIsThatOfTheLastHalfMinute() {
        Progress progress = progress(1_000_000);
        progress.started(new Work(1000, 1_000_000), new Work(0, 0));
        for (int count = 0; count < 100; count++) {
            tile(progress, 1, 10);
        }
        for (int count = 0; count < 40; count++) {
            tile(progress, 1, 1000);
        }
        assertThat(progress.pairsPerSecond().orElseThrow()).isCloseTo(1000, within(EXACT));
    }

    @Test
    void longTilesWidenTheWindow() {
        Progress progress = progress(1_000_000);
        progress.started(new Work(1000, 1_000_000), new Work(0, 0));
        for (int count = 0; count < 20; count++) {
            tile(progress, count % 2 == 0 ? 20 : 40, 600);
        }
        assertThat(progress.pairsPerSecond().orElseThrow()).isCloseTo(20, within(EXACT));
    }

    @Test
    void aLongSilenceLowersTheRate() {
        Progress progress = progress(1000);
        progress.started(new Work(10, 1000), new Work(0, 0));
        tile(progress, 10, 100);
        pass(30 + 10);
        assertThat(progress.pairsPerSecond().orElseThrow()).isCloseTo(5, within(EXACT));
    }

    @Test
    void severalMatricesAddUpAndThePauseBetweenThemDoesNotCount() {
        Progress progress = progress(1000);
        progress.started(new Work(1, 400), new Work(0, 0));
        tile(progress, 4, 400);
        progress.finished();
        pass(1000);
        progress.started(new Work(1, 600), new Work(0, 0));
        tile(progress, 2, 200);
        assertThat(progress.donePairs()).isEqualTo(600);
        assertThat(progress.pairsPerSecond().orElseThrow()).isCloseTo(100, within(EXACT));
    }
}

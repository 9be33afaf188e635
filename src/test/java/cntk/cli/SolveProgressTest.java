package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.plan.TilePlan;
import cntk.solve.SolveListener.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SolveProgressTest {
    private final AtomicLong seconds = new AtomicLong();
    private final List<String> lines = new ArrayList<>();
    private final SolveProgress progress = new SolveProgress(lines::add, () -> seconds.get() * 1_000_000_000L);

    @Test
    void longStagesTellTheirShareAndTheTimeLeft() {
        progress.at(Stage.READ, 0.5);
        seconds.set(3);
        progress.at(Stage.FACTORISE, 0);
        seconds.set(9);
        progress.at(Stage.FACTORISE, 0.1);
        assertThat(lines).isEmpty();
        seconds.set(33);
        progress.at(Stage.FACTORISE, 0.25);
        assertThat(lines).containsExactly("factorising: 25 %, about 1 min 30 s left at this rate");
        seconds.set(50);
        progress.at(Stage.SUBSTITUTE, 0);
        assertThat(lines).last().isEqualTo("solving for the coefficients");
    }

    @Test
    void tilesOfThePredictionCount() {
        TilePlan plan = new TilePlan(4, 10, 2, false);
        var reader = progress.counted(plan, (tile, out) -> seconds.addAndGet(4));
        plan.tiles().forEach(tile -> reader.read(tile, new double[4]));
        assertThat(lines).hasSize(3).first().isEqualTo("predicting: 30 %, about 28 s left at this rate");
    }
}

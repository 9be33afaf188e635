package cntk.cli;

import cntk.plan.TilePlan;
import cntk.schedule.ProgressLine;
import cntk.solve.SolveListener;
import cntk.solve.TileReader;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * A line every ten seconds while a regression is solved: what is being done, which share of it, and how long the rest of that
 * takes at the rate so far. Silent about stages that are shorter.
 */
final class SolveProgress implements SolveListener {
    private static final double SECONDS_BETWEEN = 10;

    private final Consumer<String> sink;
    private final LongSupplier nanoClock;
    private String what = "";
    private long startedAt;
    private long saidAt;

    SolveProgress(Consumer<String> sink) {
        this(sink, System::nanoTime);
    }

    SolveProgress(Consumer<String> sink, LongSupplier nanoClock) {
        this.sink = sink;
        this.nanoClock = nanoClock;
        this.saidAt = nanoClock.getAsLong();
    }

    @Override
    public void at(Stage stage, double share) {
        at(stage.words(), share);
    }

    /** The same tiles, with a share of them for every one that is read. */
    TileReader counted(TilePlan plan, TileReader reader) {
        double tiles = plan.tiles().size();
        int[] read = {0};
        return (tile, out) -> {
            at("predicting", read[0]++ / tiles);
            reader.read(tile, out);
        };
    }

    private void at(String now, double share) {
        long time = nanoClock.getAsLong();
        if (!now.equals(what) || share == 0) {
            what = now;
            startedAt = time;
        }
        if ((time - saidAt) / 1e9 < SECONDS_BETWEEN) {
            return;
        }
        saidAt = time;
        double elapsed = (time - startedAt) / 1e9;
        sink.accept(
                share > 0 && elapsed > 0
                        ? String.format(
                                Locale.ROOT,
                                "%s: %.0f %%, about %s left at this rate",
                                now,
                                100 * share,
                                ProgressLine.duration(elapsed * (1 - share) / share))
                        : now);
    }
}

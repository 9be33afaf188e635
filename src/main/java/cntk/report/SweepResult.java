package cntk.report;

import java.util.List;

/**
 * The results of all networks of a run.
 *
 * @param main that of the network of {@code --arch}
 * @param readouts those of the other networks of the same sweep; kernel seconds and pairs are those of the whole sweep
 */
public record SweepResult(RunResult main, List<Readout> readouts) {
    /**
     * One of the others.
     *
     * @param label as in {@code --readouts}
     */
    public record Readout(String label, RunResult result) {}

    public SweepResult {
        readouts = List.copyOf(readouts);
    }
}

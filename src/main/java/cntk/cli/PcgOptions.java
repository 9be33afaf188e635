package cntk.cli;

import cntk.dataset.InputException;
import cntk.solve.PcgSettings;
import cntk.solve.SolverChoice;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code --solver pcg}. */
final class PcgOptions {
    @Option(
            names = "--pcg-rank",
            paramLabel = "R",
            description = {
                "Pivots of the preconditioner of --solver pcg, which takes 8 bytes times R and the training",
                "images of memory; default: 10 times their square root."
            })
    private @Nullable Integer rank;

    @Option(
            names = "--pcg-tolerance",
            paramLabel = "T",
            description = {
                "Relative residual that --solver pcg has to reach for every class; the error of predictions is",
                "held below 100 T; default: " + PcgSettings.DEFAULT_TOLERANCE + "."
            })
    private @Nullable Double tolerance;

    @Option(
            names = "--pcg-iterations",
            paramLabel = "N",
            description = "Most iterations of --solver pcg; default: " + PcgSettings.DEFAULT_ITERATIONS + ".")
    private @Nullable Integer iterations;

    @Option(
            names = "--pcg-checkpoint",
            paramLabel = "SECONDS",
            description = "Between checkpoints of --solver pcg, 0 for one every iteration; default: "
                    + PcgSettings.DEFAULT_CHECKPOINT_SECONDS + ".")
    private @Nullable Double checkpoint;

    /** What was asked for, checked. */
    PcgSettings settings(SolverChoice solver) {
        boolean any = rank != null || tolerance != null || iterations != null || checkpoint != null;
        if (solver != SolverChoice.PCG && any) {
            throw new InputException(
                    "--pcg-rank, --pcg-tolerance, --pcg-iterations and --pcg-checkpoint are for --solver pcg, but --solver is "
                            + solver.word());
        }
        if (checkpoint != null && !(checkpoint >= 0 && checkpoint < Double.POSITIVE_INFINITY)) {
            throw new InputException("--pcg-checkpoint is " + checkpoint + ", expected a finite number from 0 up");
        }
        if (rank != null && rank < 1) {
            throw new InputException("--pcg-rank is " + rank + ", expected at least 1");
        }
        if (tolerance != null && !(tolerance > 0 && tolerance < 1)) {
            throw new InputException("--pcg-tolerance is " + tolerance + ", expected a number between 0 and 1");
        }
        if (iterations != null && iterations < 1) {
            throw new InputException("--pcg-iterations is " + iterations + ", expected at least 1");
        }
        return new PcgSettings(
                rank == null ? OptionalInt.empty() : OptionalInt.of(rank),
                tolerance == null ? PcgSettings.DEFAULT_TOLERANCE : tolerance,
                iterations == null ? PcgSettings.DEFAULT_ITERATIONS : iterations,
                checkpoint == null ? PcgSettings.DEFAULT_CHECKPOINT_SECONDS : checkpoint);
    }
}

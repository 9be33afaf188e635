package cntk.cli;

import cntk.backend.Backends;
import cntk.dataset.Normalization;
import cntk.dataset.Preprocessing;
import cntk.plan.KernelKind;
import cntk.plan.Shard;
import cntk.solve.PcgSettings;
import cntk.solve.SolverChoice;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What {@code cntk run} was asked for, not yet held against any file.
 *
 * @param data {@code sample} or a directory
 * @param readouts what networks to compute in the same sweep ({@link cntk.arch.NetworkVariants})
 * @param devices as it was written; empty where it was not
 * @param pcg of the iterative solver, whether it is asked for or not
 * @param out empty for a new directory under {@code runs}
 */
record RunRequest(
        String data,
        String arch,
        Optional<String> readouts,
        OptionalInt train,
        OptionalInt test,
        KernelKind kind,
        boolean flip,
        boolean unitDiagonal,
        double ridge,
        Preprocessing preprocessing,
        Backends.Choice backend,
        Optional<String> devices,
        SolverChoice solver,
        PcgSettings pcg,
        Words.PrecisionChoice precision,
        int threads,
        Shard shard,
        Optional<Path> out) {

    /** Every option with its value for the run record, the defaults that were taken included. */
    Map<String, Object> options(Path outTaken) {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("data", data);
        options.put("arch", arch);
        readouts.ifPresent(text -> options.put("readouts", text));
        options.put("train", train.isPresent() ? train.getAsInt() : "all");
        options.put("test", test.isPresent() ? test.getAsInt() : "all");
        options.put("kind", kind.word());
        options.put("flip", flip);
        options.put("unit_diagonal", unitDiagonal);
        options.put("ridge", ridge);
        options.put("normalize", preprocessing.normalization().word());
        if (preprocessing.normalization() == Normalization.ZCA) {
            options.put("zca_eps", preprocessing.zcaEps());
        }
        options.put("augment", preprocessing.augmentation().word());
        options.put("backend", backend.word());
        devices.ifPresent(text -> options.put("devices", text));
        options.put("solver", solver.word());
        if (solver == SolverChoice.PCG) {
            options.put("pcg_rank", pcg.rank().isPresent() ? pcg.rank().getAsInt() : "auto");
            options.put("pcg_tolerance", pcg.tolerance());
            options.put("pcg_iterations", pcg.iterations());
        }
        options.put("precision", precision.word());
        options.put("threads", threads);
        if (!shard.isAll()) {
            options.put("shard", shard.toString());
        }
        options.put("out", outTaken.toString());
        return options;
    }
}

package cntk.cli;

import cntk.gram.LocalFiles;
import cntk.gram.TileSink;
import cntk.plan.Shard;
import cntk.report.RunResult;
import cntk.report.SweepResult;
import cntk.solve.NoConvergenceException;
import cntk.solve.NotPositiveDefiniteException;
import cntk.solve.OpenBlas;
import cntk.solve.SolverChoice;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Carries out a {@link RunPlan}: kernel, solve, predictions, files. */
final class RunJob {
    private final RunPlan plan;
    private final List<String> words;
    private final PrintWriter err;
    private final OffsetDateTime startedAt = OffsetDateTime.now(ZoneId.systemDefault());

    /** @param words of the command line, behind {@code cntk} */
    RunJob(RunPlan plan, List<String> words, PrintWriter err) {
        this.plan = plan;
        this.words = words;
        this.err = err;
    }

    /**
     * How it ended.
     *
     * @param result empty for a shard that left the solving to another one
     * @param tiles of this shard's share
     * @param computedPairs by this process
     */
    record Outcome(Optional<SweepResult> result, Shard shard, long tiles, long computedPairs, Path out) {
        String text() {
            return String.format(
                    Locale.ROOT,
                    "shard %s is stored: %,d tiles, %,d pairs computed now, in %s%nthe shard that ends last solves;"
                            + " the same command without --shard completes and solves what is left",
                    shard,
                    tiles,
                    computedPairs,
                    out);
        }

        Map<String, Object> fields() {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("shard", shard.toString());
            fields.put("tiles", tiles);
            fields.put("computed_pairs", computedPairs);
            fields.put("solved", result.isPresent());
            fields.put("out", out.toString());
            return fields;
        }
    }

    Outcome run() {
        OpenBlas blas = OpenBlas.load(); // before hours of work that would need it
        RunRequest request = plan.request();
        try (KernelSession session = plan.site().start(plan.task(), plan.precision(), request.threads())) {
            Path out = request.out()
                    .orElseGet(() -> RunFolders.create(plan.main().manifest().networkId()));
            if (session.files(out, out) instanceof LocalFiles) {
                plan.demand().requireDisk(out);
            }
            return run(out, session, blas);
        }
    }

    private Outcome run(Path out, KernelSession session, OpenBlas blas) {
        RunRequest request = plan.request();
        try (ProgressPrinter printer = ProgressPrinter.start(plan.pairsOfShard(), err);
                OpenTargets targets = OpenTargets.open(plan, out, session, printer);
                StopGuard guard = StopGuard.start(() -> sayHowToResume(out, printer))) {
            printer.say(session);
            printer.say("files in " + out);
            MatrixStage matrices = compute(targets, session, printer, guard);
            if (request.solver() != SolverChoice.PCG || !matrices.multiplies(targets.train())) {
                session.close(); // its memory is for the solve
            }
            printer.tilesAreDone();
            boolean solves = request.shard().isAll() || isLastShard(targets, printer);
            if (solves && request.solver() != SolverChoice.PCG) {
                printer.say("solve on " + plan.solver().name() + ", "
                        + plan.solver().reason());
            }
            return new Outcome(
                    solves ? Optional.of(solve(targets, blas, matrices, guard, printer)) : Optional.empty(),
                    request.shard(),
                    tiles(targets.train().store()) + tiles(targets.cross().store()),
                    matrices.computedPairs(),
                    out);
        }
    }

    private long tiles(TileSink store) {
        return plan.request().shard().of(store.plan()).size();
    }

    /** Whether no other shard is at work and every tile is there, whole. */
    private static boolean isLastShard(OpenTargets targets, ProgressPrinter printer) {
        if (!targets.tryAlone()) {
            printer.say("other shards are still at work");
            return false;
        }
        int missing = targets.train().store().missing().size()
                + targets.cross().store().missing().size();
        if (missing > 0) {
            printer.say(missing + " tiles of other shards are missing, and none of those is at work");
        }
        return missing == 0;
    }

    private MatrixStage compute(OpenTargets targets, KernelSession session, ProgressPrinter printer, StopGuard guard) {
        MatrixStage matrices =
                new MatrixStage(session, guard, printer, plan.request().shard());
        matrices.complete(targets.train());
        matrices.complete(targets.cross());
        return matrices;
    }

    /** A singular system of one network does not cost the others their results. */
    private SweepResult solve(
            OpenTargets targets, OpenBlas blas, MatrixStage matrices, StopGuard guard, ProgressPrinter printer) {
        List<RunResult> results = new ArrayList<>();
        @Nullable RuntimeException failure = null;
        for (OpenTargets.One target : targets.all()) {
            guard.check();
            try {
                results.add(new RegressionStage(
                                plan, words, startedAt, blas, guard, printer, new SolveProgress(printer::say))
                        .run(target, matrices, err));
            } catch (NotPositiveDefiniteException | NoConvergenceException e) {
                if (targets.all().size() > 1) {
                    err.println("cntk: " + target.target() + ": its regression cannot be solved");
                }
                failure = failure == null ? e : failure;
            }
        }
        if (failure != null) {
            throw failure;
        }
        List<SweepResult.Readout> readouts = new ArrayList<>();
        for (int index = 1; index < results.size(); index++) {
            readouts.add(new SweepResult.Readout(plan.targets().get(index).label(), results.get(index)));
        }
        return new SweepResult(results.getFirst(), readouts);
    }

    private void sayHowToResume(Path out, ProgressPrinter printer) {
        List<String> again = new ArrayList<>(words);
        if (plan.request().out().isEmpty()) {
            again.addAll(List.of("--out", out.toString()));
        }
        printer.say(String.format(
                "stopped with %.0f%% of the pairs stored; to resume: cntk %s",
                100 * printer.share(),
                String.join(" ", again.stream().map(ShellWord::quoted).toList())));
    }
}

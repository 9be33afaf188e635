package cntk.cli;

import cntk.backend.Backends;
import cntk.backend.KernelBackend;
import cntk.dataset.DataSplit;
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
import java.util.List;
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

    SweepResult run() {
        OpenBlas blas = OpenBlas.load(); // before hours of work that would need it
        RunRequest request = plan.request();
        Backends.Picked picked = Backends.pick(plan.devices(), plan.task(), plan.precision(), request.threads());
        Path out = request.out()
                .orElseGet(() -> RunFolders.create(plan.main().manifest().networkId()));
        try (KernelBackend backend = picked.backend();
                ProgressPrinter printer = ProgressPrinter.start(plan.pairs(), err);
                OpenTargets targets = OpenTargets.open(plan, out, printer);
                StopGuard guard = StopGuard.start(() -> sayHowToResume(out, printer))) {
            printer.say(picked);
            printer.say("files in " + out);
            MatrixStage matrices = compute(targets, backend, printer, guard);
            if (request.solver() != SolverChoice.PCG) {
                printer.say("solve on " + plan.solver().name() + ", "
                        + plan.solver().reason());
            }
            return solve(targets, blas, matrices, guard, printer);
        }
    }

    private MatrixStage compute(OpenTargets targets, KernelBackend backend, ProgressPrinter printer, StopGuard guard) {
        DataSplit split = plan.split();
        MatrixStage matrices = new MatrixStage(backend, guard, printer);
        matrices.complete(targets.train(), split.train(), split.train());
        matrices.complete(targets.cross(), split.test(), split.train());
        backend.close(); // the solve may need its memory
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
                results.add(
                        new RegressionStage(plan, words, startedAt, blas, guard, printer).run(target, matrices, err));
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

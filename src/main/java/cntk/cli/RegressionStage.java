package cntk.cli;

import cntk.dataset.ImageSet;
import cntk.plan.KernelKind;
import cntk.plan.Precision;
import cntk.report.Evaluation;
import cntk.report.MachineCard;
import cntk.report.MetricsCsv;
import cntk.report.PredictionsCsv;
import cntk.report.RunRecord;
import cntk.report.RunResult;
import cntk.solve.ConjugateGradients;
import cntk.solve.KernelRidge;
import cntk.solve.NativeMatrix;
import cntk.solve.OpenBlas;
import cntk.solve.PcgCheckpoint;
import cntk.solve.PcgReport;
import cntk.solve.Predictions;
import cntk.solve.Predictor;
import cntk.solve.RidgeSolution;
import cntk.solve.SolutionCache;
import cntk.solve.SolveTimings;
import cntk.solve.SolverChoice;
import cntk.solve.Targets;
import cntk.solve.TiledKernel;
import cntk.solve.TiledMatrix;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** From the matrices of one network to its predictions and the files of its results. */
final class RegressionStage {
    private final RunPlan plan;
    private final List<String> words;
    private final OffsetDateTime startedAt;
    private final OpenBlas blas;
    private final SolveProgress progress;
    private final StopGuard guard;
    private final ProgressPrinter printer;
    private final List<RunRecord.Stage> stages = new ArrayList<>();

    RegressionStage(
            RunPlan plan,
            List<String> words,
            OffsetDateTime startedAt,
            OpenBlas blas,
            StopGuard guard,
            ProgressPrinter printer,
            SolveProgress progress) {
        this.plan = plan;
        this.words = words;
        this.startedAt = startedAt;
        this.blas = blas;
        this.progress = progress;
        this.guard = guard;
        this.printer = printer;
    }

    /** The regression and its predictions. */
    private record Solved(RidgeSolution solution, @Nullable PcgReport pcg, Predictions predictions, double seconds) {}

    RunResult run(OpenTargets.One open, MatrixStage matrices, PrintWriter err) {
        Path out = open.directory();
        stages.add(new RunRecord.Stage("kernel", matrices.seconds()));
        Solved solved = solve(open, matrices, err);
        RunResult result = result(open.target(), out, matrices, solved, err);
        MetricsCsv.write(out.resolve(RunFolders.METRICS), result);
        PredictionsCsv.write(
                out.resolve(RunFolders.PREDICTIONS),
                solved.predictions(),
                plan.split().test().labels());
        record(out, matrices, result).write(out.resolve(RunFolders.RECORD));
        new PcgCheckpoint(out).delete(); // the results are safe
        return result;
    }

    private Solved solve(OpenTargets.One open, MatrixStage matrices, PrintWriter err) {
        long start = System.nanoTime();
        try (NativeMatrix targets = Targets.oneHotCentred(plan.split().train().labels())) {
            PcgReport pcg = plan.request().solver() == SolverChoice.PCG ? iterate(open, matrices, targets) : null;
            RidgeSolution solution = pcg == null ? factorise(open, targets, err) : iterated(targets, pcg);
            long solved = System.nanoTime();
            Predictions predictions = new Predictor(blas)
                    .predict(
                            open.cross().store().plan(),
                            progress.counted(
                                    open.cross().store().plan(), open.cross().store()::read),
                            solution.coefficients());
            long end = System.nanoTime();
            stages.add(new RunRecord.Stage("solve", (solved - start) / 1e9));
            stages.add(new RunRecord.Stage("predict", (end - solved) / 1e9));
            return new Solved(solution, pcg, predictions, (end - start) / 1e9);
        }
    }

    private RidgeSolution factorise(OpenTargets.One open, NativeMatrix targets, PrintWriter err) {
        SolutionCache.Outcome outcome = new SolutionCache(open.directory())
                .solve(
                        new KernelRidge(blas, plan.request().threads(), plan.solver(), progress),
                        new TiledKernel(
                                open.train().store().plan(), open.train().store()::read),
                        targets,
                        plan.request().ridge(),
                        plan.precision());
        if (!outcome.note().isEmpty()) {
            err.println("cntk: " + outcome.note());
        }
        return outcome.solution();
    }

    private PcgReport iterate(OpenTargets.One open, MatrixStage matrices, NativeMatrix targets) {
        TiledMatrix kernel = new TiledMatrix(
                open.train().store().plan(),
                open.train().store()::read,
                plan.precision(),
                matrices.products(open.train().part()));
        return guard.run(stop -> new ConjugateGradients(
                        blas, plan.request().threads(), plan.request().pcg(), new PcgLines(printer), stop)
                .solve(kernel, targets, plan.request().ridge(), new PcgCheckpoint(open.directory())));
    }

    /** The condition of the kernel matrix itself is not known then. */
    private RidgeSolution iterated(NativeMatrix coefficients, PcgReport pcg) {
        return new RidgeSolution(
                coefficients,
                plan.request().ridge(),
                Double.NaN,
                pcg.smallestPivot(),
                plan.request().solver().word(),
                plan.request().threads(),
                "",
                new SolveTimings(0, 0, pcg.seconds(), 0),
                pcg.warnings());
    }

    private RunResult result(RunTarget target, Path out, MatrixStage matrices, Solved solved, PrintWriter err) {
        RunRequest request = plan.request();
        RidgeSolution solution = solved.solution();
        return new RunResult(
                target.manifest().network(),
                target.manifest().networkId(),
                plan.split().train().count(),
                new RunResult.Kernel(
                        request.kind().word(),
                        request.flip(),
                        request.unitDiagonal(),
                        plan.precision().word(),
                        matrices.backendName(),
                        matrices.backendDescription(),
                        request.threads(),
                        plan.pairs(),
                        matrices.computedPairs(),
                        matrices.seconds()),
                new RunResult.Solve(
                        solution.ridge(),
                        solution.conditionNumber(),
                        solution.smallestPivot(),
                        solution.solver(),
                        solution.blasThreads(),
                        solved.seconds(),
                        solved.pcg()),
                Evaluation.of(solved.predictions(), plan.split().test().labels()),
                out.toString(),
                warnings(target, solution, err));
    }

    private List<String> warnings(RunTarget target, RidgeSolution solution, PrintWriter err) {
        List<String> warnings = new ArrayList<>(solution.warnings());
        if (warnings.isEmpty() && plan.request().kind() == KernelKind.NNGP && plan.precision() == Precision.F32) {
            warnings.add(
                    "NNGP kernels of natural images are so nearly singular that the rounding of float32 entries may"
                            + " exceed the smallest eigenvalue; --precision f64 is safe");
        }
        if (plan.site().kernel().mixed()) {
            warnings.add(ComputeOptions.TWO_ARITHMETICS);
        }
        String where = target.label().isEmpty() ? "" : target.label() + ": ";
        warnings.forEach(warning -> err.println("cntk: warning: " + where + warning));
        return List.copyOf(warnings);
    }

    private RunRecord record(Path out, MatrixStage matrices, RunResult result) {
        Map<String, String> versions = new LinkedHashMap<>();
        versions.put("engine", Main.ManifestVersion.version());
        versions.put("java", Runtime.version().toString());
        versions.put("openblas", blas.config());
        return new RunRecord(
                RunRecord.FORMAT,
                startedAt.toString(),
                OffsetDateTime.now(ZoneId.systemDefault()).toString(),
                words,
                plan.request().options(out),
                new RunRecord.Network(result.network(), result.networkId()),
                new RunRecord.Backend(
                        matrices.backendName(),
                        matrices.backendDescription(),
                        plan.site().kernel().reason()),
                List.of(
                        data("train", plan.split().train()),
                        data("test", plan.split().test())),
                versions,
                MachineCard.read(),
                List.copyOf(stages),
                matrices.tally().records(),
                RunRecord.results(result));
    }

    private static RunRecord.Data data(String role, ImageSet images) {
        return new RunRecord.Data(
                role, images.name(), images.count(), images.shape().toString(), images.sha256());
    }
}

package cntk.cli;

import cntk.backend.Backends;
import cntk.backend.KernelBackend;
import cntk.dataset.DataSplit;
import cntk.dataset.ImageSet;
import cntk.dataset.InputException;
import cntk.gram.GramStore;
import cntk.gram.RunDirectory;
import cntk.gram.ZarrGramStore;
import cntk.plan.KernelKind;
import cntk.plan.Precision;
import cntk.report.Evaluation;
import cntk.report.MachineCard;
import cntk.report.MetricsCsv;
import cntk.report.PredictionsCsv;
import cntk.report.RunRecord;
import cntk.report.RunResult;
import cntk.solve.KernelRidge;
import cntk.solve.NativeMatrix;
import cntk.solve.OpenBlas;
import cntk.solve.Predictions;
import cntk.solve.Predictor;
import cntk.solve.RidgeSolution;
import cntk.solve.Targets;
import cntk.solve.TiledKernel;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Carries out a {@link RunPlan}: kernel, solve, predictions, files. */
final class RunJob {
    private final RunPlan plan;
    private final List<String> words;
    private final PrintWriter err;
    private final OffsetDateTime startedAt = OffsetDateTime.now(ZoneId.systemDefault());
    private final List<RunRecord.Stage> stages = new ArrayList<>();

    /** @param words of the command line, behind {@code cntk} */
    RunJob(RunPlan plan, List<String> words, PrintWriter err) {
        this.plan = plan;
        this.words = words;
        this.err = err;
    }

    /** The regression and its predictions. */
    private record Solved(RidgeSolution solution, Predictions predictions, double seconds) {}

    RunResult run() {
        OpenBlas blas = OpenBlas.load(); // before hours of work that would need it
        RunRequest request = plan.request();
        Backends.Picked picked = Backends.pick(request.backend(), plan.task(), plan.precision(), request.threads());
        Path out =
                request.out().orElseGet(() -> RunFolders.create(plan.manifest().networkId()));
        try (KernelBackend _ = picked.backend();
                RunDirectory directory = RunDirectory.open(out, plan.manifest());
                ProgressPrinter printer = ProgressPrinter.start(plan.pairs(), err);
                StopGuard guard = StopGuard.start(() -> sayHowToResume(out, printer))) {
            requireSameRidge(out);
            printer.say(picked);
            printer.say("files in " + out);
            return computeAndSolve(directory.path(), picked, blas, printer, guard);
        }
    }

    private RunResult computeAndSolve(
            Path out, Backends.Picked picked, OpenBlas blas, ProgressPrinter printer, StopGuard guard) {
        DataSplit split = plan.split();
        MatrixStage matrices = new MatrixStage(picked.backend(), guard, printer);
        try (GramStore train = open(out.resolve(RunFolders.TRAIN), true, printer);
                GramStore cross = open(out.resolve(RunFolders.CROSS), false, printer)) {
            matrices.complete(train, split.train(), split.train());
            matrices.complete(cross, split.test(), split.train());
            stages.add(new RunRecord.Stage("kernel", matrices.seconds()));
            Solved solved = solve(train, cross, blas);
            RunResult result = result(out, picked.backend(), matrices, solved);
            MetricsCsv.write(out.resolve(RunFolders.METRICS), result);
            PredictionsCsv.write(
                    out.resolve(RunFolders.PREDICTIONS),
                    solved.predictions(),
                    split.test().labels());
            record(out, picked, blas, matrices, result).write(out.resolve(RunFolders.RECORD));
            return result;
        }
    }

    private GramStore open(Path directory, boolean symmetric, ProgressPrinter printer) {
        return ZarrGramStore.open(
                directory,
                RunPlan.spec(plan.manifest(), symmetric),
                (tile, file, reason) ->
                        printer.say("tile " + tile + " will be computed again: " + file + " is damaged: " + reason));
    }

    private Solved solve(GramStore train, GramStore cross, OpenBlas blas) {
        long start = System.nanoTime();
        try (NativeMatrix targets = Targets.oneHotCentred(plan.split().train().labels())) {
            RidgeSolution solution = new KernelRidge(blas, plan.request().threads())
                    .solve(
                            new TiledKernel(train.plan(), train::read),
                            targets,
                            plan.request().ridge(),
                            plan.precision());
            long solved = System.nanoTime();
            Predictions predictions = new Predictor(blas).predict(cross.plan(), cross::read, solution.coefficients());
            long end = System.nanoTime();
            stages.add(new RunRecord.Stage("solve", (solved - start) / 1e9));
            stages.add(new RunRecord.Stage("predict", (end - solved) / 1e9));
            return new Solved(solution, predictions, (end - start) / 1e9);
        }
    }

    private RunResult result(Path out, KernelBackend backend, MatrixStage matrices, Solved solved) {
        RunRequest request = plan.request();
        RidgeSolution solution = solved.solution();
        return new RunResult(
                plan.manifest().network(),
                plan.manifest().networkId(),
                plan.split().train().count(),
                new RunResult.Kernel(
                        request.kind().word(),
                        plan.precision().word(),
                        backend.name(),
                        backend.description(),
                        request.threads(),
                        plan.pairs(),
                        matrices.computedPairs(),
                        matrices.seconds()),
                new RunResult.Solve(
                        solution.ridge(),
                        solution.conditionNumber(),
                        solution.smallestPivot(),
                        solution.blasThreads(),
                        solved.seconds()),
                Evaluation.of(solved.predictions(), plan.split().test().labels()),
                out.toString(),
                warnings(solution));
    }

    private List<String> warnings(RidgeSolution solution) {
        List<String> warnings = new ArrayList<>(solution.warnings());
        if (warnings.isEmpty() && plan.request().kind() == KernelKind.NNGP && plan.precision() == Precision.F32) {
            warnings.add(
                    "NNGP kernels of natural images are so nearly singular that the rounding of float32 entries may"
                            + " exceed the smallest eigenvalue; --precision f64 is safe");
        }
        warnings.forEach(warning -> err.println("cntk: warning: " + warning));
        return List.copyOf(warnings);
    }

    private RunRecord record(Path out, Backends.Picked picked, OpenBlas blas, MatrixStage matrices, RunResult result) {
        KernelBackend backend = picked.backend();
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
                new RunRecord.Backend(backend.name(), backend.description(), picked.reason()),
                List.of(
                        data("train", plan.split().train()),
                        data("test", plan.split().test())),
                versions,
                MachineCard.read(),
                List.copyOf(stages),
                matrices.tally().records(backend.name(), backend.description()),
                RunRecord.results(result));
    }

    private static RunRecord.Data data(String role, ImageSet images) {
        return new RunRecord.Data(
                role, images.name(), images.count(), images.shape().toString(), images.sha256());
    }

    /** The ridge changes the results but not the kernel: it is free until there are results. */
    private void requireSameRidge(Path out) {
        Path file = out.resolve(RunFolders.RECORD);
        if (Files.exists(file)
                && RunRecord.read(file).options().get("ridge") instanceof Number before
                && before.doubleValue() != plan.request().ridge()) {
            throw new InputException(file + " was made with other options: ridge: the run has " + before
                    + ", this one wants " + plan.request().ridge()
                    + "\nhint: repeat that option to see the result again, or choose another --out");
        }
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

package cntk.cli;

import cntk.dataset.Augmentation;
import cntk.dataset.InputException;
import cntk.dataset.Normalization;
import cntk.dataset.Preprocessing;
import cntk.gram.StoreException;
import cntk.plan.Shard;
import cntk.report.Json;
import cntk.report.ResultJson;
import cntk.report.ResultText;
import cntk.report.SweepResult;
import cntk.solve.MemoryShortageException;
import cntk.solve.SolverChoice;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cntk run}: images in, accuracy out. */
@Command(
        name = "run",
        header = "Images in, kernel regression accuracy out.",
        customSynopsis = "cntk run [OPTIONS]",
        description = {
            "Computes the kernel of every pair of images, solves the regression, predicts,",
            "and says how often it is right. Without options it takes the embedded sample.",
            "The same command with the same --out goes on where it was stopped.",
            ""
        })
class RunCommand implements Callable<Integer> {
    private static final String DEFAULT_NETWORK = "cntk(depth=6,readout=flatten)";

    /** Training images up to which the report's eigendecomposition takes seconds. */
    private static final int LARGEST_WITH_FIGURES = 3000;

    @Spec
    CommandSpec spec;

    @Option(
            names = "--data",
            paramLabel = "DIR|sample",
            defaultValue = DataLocation.SAMPLE,
            description = {
                "Directory with CIFAR-10 or CIFAR-100 (binary), MNIST or Fashion-MNIST (idx, perhaps gzip),",
                "or the embedded sample; default: ${DEFAULT-VALUE}."
            })
    private String data;

    @Option(
            names = "--arch",
            paramLabel = "NETWORK",
            defaultValue = DEFAULT_NETWORK,
            description = "Network as text or a .json file; default: ${DEFAULT-VALUE}. See cntk arch --help.")
    private String arch;

    @Option(
            names = "--readouts",
            paramLabel = "VARIANTS",
            description = {
                "More kernels from the same sweep, each with results of its own in OUT/readouts: values for",
                "arguments of the preset, such as 'depth=3,4,6 c=0,4,8', or networks separated by '|'."
            })
    private @Nullable String readouts;

    @Option(names = "--train", paramLabel = "N", description = "First N training images; default: all.")
    private @Nullable Integer train;

    @Option(names = "--test", paramLabel = "M", description = "First M test images; default: all.")
    private @Nullable Integer test;

    @Option(
            names = "--ridge",
            paramLabel = "R",
            defaultValue = "0",
            description = "Added to the diagonal of the training kernel; default: ${DEFAULT-VALUE}.")
    private double ridge;

    @Option(
            names = "--solver",
            paramLabel = "auto|cuda|cpu|pcg",
            defaultValue = "auto",
            converter = Words.OfSolver.class,
            completionCandidates = Words.OfSolver.class,
            description = {
                "cuda, cpu: Cholesky, the matrix in memory. pcg: conjugate gradients, the matrix stays on disk.",
                "auto (default): on a GPU that the matrix fits, else on the CPU."
            })
    private SolverChoice solver;

    @Mixin
    private PcgOptions pcg;

    @Option(
            names = "--normalize",
            paramLabel = "standard|none|l2|zca",
            defaultValue = "standard",
            converter = Words.OfNormalization.class,
            completionCandidates = Words.OfNormalization.class,
            description = {
                "standard (default): by mean and standard deviation of each channel of the whole training split.",
                "none: byte/255. l2: each image minus its mean, divided by its norm.",
                "zca: l2, then regularised whitening fitted on the training images in use."
            })
    private Normalization normalization;

    @Option(
            names = "--zca-eps",
            paramLabel = "E",
            description =
                    "Added to every eigenvalue by --normalize zca; default: " + Preprocessing.DEFAULT_ZCA_EPS + ".")
    private @Nullable Double zcaEps;

    @Option(
            names = "--augment",
            paramLabel = "none|flip",
            defaultValue = "none",
            converter = Words.OfAugmentation.class,
            completionCandidates = Words.OfAugmentation.class,
            description = "flip: train on the horizontal flips of the training images too; default: ${DEFAULT-VALUE}.")
    private Augmentation augmentation;

    @Mixin
    private ComputeOptions compute;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Kernel, predictions, metrics and run record; default: runs/TIME-NETWORK.")
    private @Nullable Path out;

    @Option(
            names = "--shard",
            paramLabel = "I/N",
            defaultValue = "1/1",
            converter = Words.OfShard.class,
            description = {
                "Compute the I-th of N shares of the kernel into --out, which all shards share; the one that",
                "ends last solves. A run without --shard completes and solves what shards have left."
            })
    private Shard shard;

    @Option(names = "--json", description = "Print the result as one JSON object.")
    boolean json;

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter err = spec.commandLine().getErr();
        RunRequest request = request();
        if (request.preprocessing().normalization() == Normalization.ZCA) {
            err.println("cntk: whitening the images"); // a minute of silence where there are many
            err.flush();
        }
        RunPlan plan = RunPlan.of(request, ((Main) spec.root().userObject()).engine());
        String note = ComputeOptions.note(compute.backend, compute.precision);
        if (note != null) {
            err.println("cntk: " + note);
        }
        RunJob.Outcome outcome = new RunJob(plan, commandLine(), err).run();
        PrintWriter page = spec.commandLine().getOut();
        if (outcome.result().isEmpty()) {
            page.println(json ? Json.text(outcome.fields()) : outcome.text());
            page.flush();
            return ExitCodes.RIGHT.code();
        }
        SweepResult result = outcome.result().get();
        writeReport(Path.of(result.main().out()), err);
        result.readouts()
                .forEach(readout -> writeReport(Path.of(readout.result().out()), err));
        page.print(json ? ResultJson.of(result) + "\n" : ResultText.of(result));
        page.flush();
        return ExitCodes.RIGHT.code();
    }

    /** A page that cannot be made does not cost the results that are there. */
    private void writeReport(Path run, PrintWriter err) {
        try {
            Path file = ReportJob.write(run, "", LARGEST_WITH_FIGURES, compute.threads(), err);
            err.println("cntk: report in " + file);
        } catch (InputException | StoreException | MemoryShortageException failure) {
            err.println("cntk: warning: no report: " + failure.getMessage());
        }
        err.flush();
    }

    /** The options, each on its own right. */
    RunRequest request() {
        if (!shard.isAll() && out == null) {
            throw new InputException("--shard needs --out DIR, the folder that all shards share");
        }
        if (!(ridge >= 0) || Double.isInfinite(ridge)) {
            throw new InputException("--ridge is " + ridge + ", expected a finite number from 0 up");
        }
        return new RunRequest(
                data,
                arch,
                Optional.ofNullable(readouts),
                number("--train", train),
                number("--test", test),
                compute.kind,
                compute.flip,
                compute.unitDiagonal,
                ridge,
                preprocessing(),
                compute.backend,
                compute.devices(),
                solver,
                pcg.settings(solver),
                compute.precision,
                compute.threads(),
                shard,
                Optional.ofNullable(out));
    }

    private Preprocessing preprocessing() {
        if (zcaEps == null) {
            return new Preprocessing(normalization, Preprocessing.DEFAULT_ZCA_EPS, augmentation);
        }
        if (normalization != Normalization.ZCA) {
            throw new InputException("--zca-eps is for --normalize zca, but --normalize is " + normalization.word());
        }
        if (!(zcaEps > 0) || Double.isInfinite(zcaEps)) {
            throw new InputException("--zca-eps is " + zcaEps + ", expected a finite number above 0");
        }
        return new Preprocessing(normalization, zcaEps, augmentation);
    }

    private static OptionalInt number(String option, @Nullable Integer value) {
        if (value == null) {
            return OptionalInt.empty();
        }
        if (value < 1) {
            throw new InputException(option + " is " + value + ", expected at least 1");
        }
        return OptionalInt.of(value);
    }

    /** The words behind {@code cntk}. */
    private List<String> commandLine() {
        return spec.root().commandLine().getParseResult().originalArgs();
    }
}

package cntk.cli;

import cntk.dataset.InputException;
import cntk.dataset.Normalization;
import cntk.report.ResultJson;
import cntk.report.ResultText;
import cntk.report.RunResult;
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
        description = {
            "Computes the kernel of every pair of images, solves the regression, predicts, and says how often it is right.",
            "Without options: the embedded sample, in a few seconds. The same command with the same --out resumes."
        })
final class RunCommand implements Callable<Integer> {
    private static final String DEFAULT_NETWORK = "cntk(depth=6,readout=flatten)";

    @Spec
    private CommandSpec spec;

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
            names = "--normalize",
            paramLabel = "standard|none",
            defaultValue = "standard",
            converter = Words.OfNormalization.class,
            completionCandidates = Words.OfNormalization.class,
            description = {
                "standard (default): by mean and standard deviation of each channel of the whole training split.",
                "none: byte/255."
            })
    private Normalization normalization;

    @Mixin
    private ComputeOptions compute;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Kernel, predictions, metrics and run record; default: runs/TIME-NETWORK.")
    private @Nullable Path out;

    @Option(names = "--json", description = "Print the result as one JSON object.")
    private boolean json;

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter err = spec.commandLine().getErr();
        RunPlan plan = RunPlan.of(request());
        String note = ComputeOptions.note(compute.backend, compute.precision);
        if (note != null) {
            err.println("cntk: " + note);
        }
        List<String> words = spec.commandLine().getParseResult() == null ? List.of() : commandLine();
        RunResult result = new RunJob(plan, words, err).run();
        PrintWriter page = spec.commandLine().getOut();
        page.print(json ? ResultJson.of(result) + "\n" : ResultText.of(result));
        page.flush();
        return ExitCodes.RIGHT.code();
    }

    private RunRequest request() {
        if (!(ridge >= 0) || Double.isInfinite(ridge)) {
            throw new InputException("--ridge is " + ridge + ", expected a finite number from 0 up");
        }
        return new RunRequest(
                data,
                arch,
                number("--train", train),
                number("--test", test),
                compute.kind,
                ridge,
                normalization,
                compute.backend,
                compute.precision,
                compute.threads(),
                Optional.ofNullable(out));
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

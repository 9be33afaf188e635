package cntk.cli;

import cntk.dataset.InputException;
import cntk.solve.SolverChoice;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of every command that starts from kernels: those of a finished run, or brought along as .npy files. */
final class KernelInput {
    @Option(names = "--run", paramLabel = "DIR", description = "The --out of a finished run.")
    @Nullable
    Path run;

    @Option(
            names = "--data",
            paramLabel = "DIR|sample",
            description = "Where the images of the run are now, if they were moved since.")
    @Nullable
    String data;

    @Option(
            names = "--train-kernel",
            paramLabel = "K.npy",
            description = "Instead of --run: kernel of the training images, [n,n].")
    @Nullable
    Path trainKernel;

    @Option(
            names = "--cross-kernel",
            paramLabel = "C.npy",
            description = "Kernel of test images (rows) with training images, [m,n].")
    @Nullable
    Path crossKernel;

    @Option(names = "--labels", paramLabel = "y.npy", description = "Training labels, integers [n].")
    @Nullable
    Path labels;

    @Option(names = "--test-labels", paramLabel = "t.npy", description = "Test labels, integers [m].")
    @Nullable
    Path testLabels;

    @Option(
            names = "--targets",
            paramLabel = "Y.npy",
            description = "Instead of --labels: values of a regression, [n] or [n,outputs].")
    @Nullable
    Path targets;

    @Option(names = "--test-targets", paramLabel = "T.npy", description = "The same for the test images.")
    @Nullable
    Path testTargets;

    @Option(
            names = "--classes",
            paramLabel = "N",
            description = "Number of classes; default: one more than the largest training label.")
    @Nullable
    Integer classes;

    @Option(
            names = "--cache",
            paramLabel = "DIR",
            description = "Keeps the eigendecomposition here; default: the directory of the run.")
    @Nullable
    Path cache;

    @Option(
            names = "--solver",
            paramLabel = "auto|cuda|cpu",
            defaultValue = "auto",
            converter = Words.OfSolver.class,
            description = {
                "What makes the eigendecomposition, where one is made;",
                "auto (default): a GPU that the matrix fits three times, else the CPU."
            })
    private SolverChoice solver = SolverChoice.AUTO;

    @Option(names = "--threads", paramLabel = "T", description = "Threads of BLAS; default: every processor.")
    private @Nullable Integer threads;

    SolverChoice solver() {
        if (solver == SolverChoice.PCG) {
            throw new InputException(
                    "--solver is pcg, but this command needs every eigenvalue, expected auto, cuda or cpu");
        }
        return solver;
    }

    int threads() {
        if (threads == null) {
            return Runtime.getRuntime().availableProcessors();
        }
        if (threads < 1) {
            throw new InputException("--threads is " + threads + ", expected at least 1");
        }
        return threads;
    }

    OptionalInt classes() {
        if (classes == null) {
            return OptionalInt.empty();
        }
        if (classes < 1) {
            throw new InputException("--classes is " + classes + ", expected at least 1");
        }
        return OptionalInt.of(classes);
    }

    /** Opens what the options name. */
    KernelData open() {
        if ((run == null) == (trainKernel == null)) {
            throw new InputException(
                    (run == null ? "no kernel is given" : "--run and --train-kernel exclude each other")
                            + "\nhint: --run DIR of a finished run, or --train-kernel K.npy with --labels y.npy");
        }
        if (run == null) {
            return NpyInput.open(this);
        }
        for (@Nullable Path file : new @Nullable Path[] {crossKernel, labels, testLabels, targets, testTargets}) {
            if (file != null) {
                throw new InputException(file + " is given beside --run, which has everything already\n"
                        + "hint: use --run, or .npy files for everything");
            }
        }
        return RunInput.open(run, data == null ? "" : data, cache, solver());
    }
}

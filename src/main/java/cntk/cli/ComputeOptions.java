package cntk.cli;

import cntk.arch.Network;
import cntk.backend.Backends;
import cntk.dataset.InputException;
import cntk.plan.KernelKind;
import cntk.plan.KernelTask;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of every command that computes a kernel. */
final class ComputeOptions {
    /** Of a matrix that GPUs and the CPU computed together. */
    static final String TWO_ARITHMETICS =
            "GPUs and the CPU computed tiles of the same matrix: their entries agree within the tolerance of the"
                    + " precision, not in every bit, and which tile came from which is a matter of timing";

    @Option(
            names = "--kind",
            paramLabel = "ntk|nngp",
            defaultValue = "ntk",
            converter = Words.OfKind.class,
            completionCandidates = Words.OfKind.class,
            description = "Kernel of the gradients (ntk) or of the outputs (nngp); default: ${DEFAULT-VALUE}.")
    KernelKind kind;

    @Option(names = "--flip", description = "Average over horizontal flips: (K(x,z) + K(x, mirrored z)) / 2.")
    boolean flip;

    @Option(names = "--unit-diagonal", description = "Scale to K(x,x) = 1: K(x,z) / sqrt(K(x,x) K(z,z)).")
    boolean unitDiagonal;

    @Option(
            names = "--backend",
            paramLabel = "auto|cpu|cuda|oracle",
            defaultValue = "auto",
            converter = Words.OfBackend.class,
            completionCandidates = Words.OfBackend.class,
            description = {
                "What computes: cuda (every GPU), cpu, or the slow oracle that everything is checked against;",
                "default: auto, the GPUs where there are some, else the CPU."
            })
    Backends.Choice backend;

    @Option(
            names = "--devices",
            paramLabel = "LIST",
            description = {
                "GPUs by their numbers in cntk devices, such as 0,2; or all; or cpu. With +cpu, as in all+cpu,",
                "GPUs and the CPU work on the same queue. Default: what --backend says."
            })
    private @Nullable String devices;

    @Option(
            names = "--precision",
            paramLabel = "auto|f32|f64",
            defaultValue = "auto",
            converter = Words.OfPrecision.class,
            completionCandidates = Words.OfPrecision.class,
            description = {
                "Arithmetic and stored entries; the oracle has f64 only.",
                "auto (default): f64 where pixels meet only themselves (flatten), else f32;",
                "cntk run with more than 16,384 training images: f32."
            })
    Words.PrecisionChoice precision;

    @Option(
            names = "--threads",
            paramLabel = "T",
            description = "Threads of the kernel and of the solve; default: every processor.")
    private @Nullable Integer threads;

    /** The kernel of one network with these options. */
    KernelTask task(Network network) {
        return new KernelTask(List.of(network), kind, flip, unitDiagonal);
    }

    Optional<String> devices() {
        return Optional.ofNullable(devices);
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

    /** What to tell the user whose precision the backend does not have; null if there is nothing. */
    static @Nullable String note(Backends.Choice backend, Words.PrecisionChoice precision) {
        return backend == Backends.Choice.ORACLE && precision == Words.PrecisionChoice.F32
                ? "the oracle computes in f64 only: --precision f32 has no effect"
                : null;
    }
}

package cntk.backend;

import cntk.arch.Network;
import cntk.backend.cpu.CpuBackend;
import cntk.backend.cuda.CudaBackend;
import cntk.backend.cuda.CudaDeviceInfo;
import cntk.plan.CostModel;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import java.util.Arrays;
import java.util.List;

/** Picks a backend and says why; a forced one that cannot start is an error. */
public final class Backends {
    private static final String VECTOR_MODULE = "jdk.incubator.vector";

    /** What the user may ask for. */
    public enum Choice {
        AUTO,
        CPU,
        CUDA,
        ORACLE;

        public String word() {
            return switch (this) {
                case AUTO -> "auto";
                case CPU -> "cpu";
                case CUDA -> "cuda";
                case ORACLE -> "oracle";
            };
        }

        /** By its word, as a manifest names the backend of its tiles. */
        public static Choice of(String word) {
            return Arrays.stream(values())
                    .filter(choice -> choice.word().equals(word))
                    .findFirst()
                    .orElseThrow(() -> new BackendUnavailableException("there is no backend " + word));
        }

        /** Estimated nanoseconds of one pair on one worker; {@code AUTO} is to be decided first. */
        public double nanosPerPair(Network network, Precision precision) {
            return switch (this) {
                case CPU -> CostModel.nanosPerPair(network, precision);
                case CUDA -> CostModel.cudaNanosPerPair(network, precision);
                case ORACLE -> CostModel.oracleNanosPerPair(network);
                case AUTO -> throw new IllegalStateException("auto is to be decided first");
            };
        }

        /** The precision of the result where {@code wanted} was asked for: the oracle has no other than double. */
        public Precision precision(Precision wanted) {
            return this == ORACLE ? Precision.F64 : wanted;
        }
    }

    /**
     * The backend, ready, and the reason it was picked.
     *
     * @param backend the caller's to close
     * @param reason one phrase for the log and the run record
     */
    public record Picked(KernelBackend backend, String reason) {}

    /**
     * Which backend it will be; nothing of it is started.
     *
     * @param choice never {@code AUTO}
     * @param devices of the cuda backend, else empty
     * @param reason one phrase for the log and the run record
     */
    public record Decision(Choice choice, List<CudaDeviceInfo> devices, String reason) {
        public Decision {
            devices = List.copyOf(devices);
        }
    }

    private Backends() {}

    /**
     * Decides: {@code auto} is cuda where a device can start, else cpu.
     *
     * @throws BackendUnavailableException if cuda was asked for and no device can start, with the reason
     */
    public static Decision decide(Choice wanted) {
        return switch (wanted) {
            case CPU, ORACLE -> new Decision(wanted, List.of(), "asked for");
            case CUDA -> {
                CudaBackend.Startable cuda = CudaBackend.startable();
                if (cuda.absence().isPresent()) {
                    throw new BackendUnavailableException(
                            "the cuda backend cannot start: " + cuda.absence().get());
                }
                yield new Decision(Choice.CUDA, cuda.devices(), "asked for" + without(cuda));
            }
            case AUTO -> {
                CudaBackend.Startable cuda = CudaBackend.startable();
                yield cuda.absence()
                        .map(absence -> new Decision(Choice.CPU, List.of(), "picked by auto: " + firstLine(absence)))
                        .orElseGet(() -> new Decision(
                                Choice.CUDA,
                                cuda.devices(),
                                "picked by auto: " + count(cuda.devices().size()) + without(cuda)));
            }
        };
    }

    private static String count(int devices) {
        return devices == 1 ? "one CUDA device starts" : devices + " CUDA devices start";
    }

    private static String without(CudaBackend.Startable cuda) {
        return cuda.failures().isEmpty() ? "" : "; left out: " + firstLine(String.join("; ", cuda.failures()));
    }

    /** Without hints: what is missing for a backend that nobody asked for is no call to act. */
    private static String firstLine(String text) {
        return text.lines().findFirst().orElse(text);
    }

    /**
     * Decides and starts.
     *
     * @param precision as {@link Choice#precision} has it
     * @param threads number of workers of the cpu and the oracle
     * @throws BackendUnavailableException if it cannot start here
     */
    public static Picked pick(Choice choice, KernelTask task, Precision precision, int threads) {
        return start(decide(choice), task, precision, threads);
    }

    /** Starts what was decided; as {@link #pick}. */
    public static Picked start(Decision decision, KernelTask task, Precision precision, int threads) {
        KernelBackend backend = switch (decision.choice()) {
            case CPU -> cpu(task, precision, threads);
            case ORACLE -> oracle(task, precision, threads);
            case CUDA -> new CudaBackend(task, precision, decision.devices());
            case AUTO -> throw new IllegalArgumentException("auto is to be decided first");
        };
        return new Picked(backend, decision.reason());
    }

    private static KernelBackend cpu(KernelTask task, Precision precision, int threads) {
        if (ModuleLayer.boot().findModule(VECTOR_MODULE).isEmpty()) {
            throw new BackendUnavailableException("the cpu backend needs the Java module " + VECTOR_MODULE
                    + "\nhint: start through ./cntk, or give java --add-modules " + VECTOR_MODULE);
        }
        return new CpuBackend(task, precision, threads);
    }

    private static KernelBackend oracle(KernelTask task, Precision precision, int threads) {
        if (precision != Precision.F64) {
            throw new IllegalArgumentException("the oracle computes in f64 only");
        }
        return new OracleBackend(task, threads);
    }
}

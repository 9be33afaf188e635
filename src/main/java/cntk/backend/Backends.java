package cntk.backend;

import cntk.backend.cpu.CpuBackend;
import cntk.backend.cuda.CudaBackend;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import java.util.ArrayList;
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

    private Backends() {}

    /**
     * Starts a backend.
     *
     * @param precision as {@link Choice#precision} has it
     * @param threads number of workers
     * @throws BackendUnavailableException if it cannot start here
     */
    public static Picked pick(Choice choice, KernelTask task, Precision precision, int threads) {
        return pick(DeviceSet.of(choice), task, precision, threads);
    }

    /**
     * Starts a backend on these devices.
     *
     * @param threads number of workers on the CPU
     * @throws BackendUnavailableException if it cannot start here
     */
    public static Picked pick(DeviceSet devices, KernelTask task, Precision precision, int threads) {
        if (devices.oracle()) {
            return new Picked(oracle(task, precision, threads), devices.reason());
        }
        List<KernelBackend> parts = new ArrayList<>();
        boolean started = false;
        try {
            if (!devices.gpus().isEmpty()) {
                parts.add(new CudaBackend(task, precision, devices.gpus()));
            }
            if (devices.cpu()) {
                parts.add(cpu(task, precision, threads));
            }
            started = true;
        } finally {
            if (!started) {
                BackendGroup.closeAll(parts);
            }
        }
        return new Picked(
                parts.size() == 1 ? parts.getFirst() : new BackendGroup(devices.backend(), parts), devices.reason());
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

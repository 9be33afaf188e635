package cntk.backend;

import cntk.backend.cpu.CpuBackend;
import cntk.plan.KernelTask;
import cntk.plan.Precision;

/** Picks a backend and says why; a forced one that cannot start is an error. */
public final class Backends {
    private static final String VECTOR_MODULE = "jdk.incubator.vector";

    /** What the user may ask for. */
    public enum Choice {
        AUTO,
        CPU,
        ORACLE;

        public String word() {
            return switch (this) {
                case AUTO -> "auto";
                case CPU -> "cpu";
                case ORACLE -> "oracle";
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

    private Backends() {}

    /**
     * Starts a backend.
     *
     * @param precision as {@link Choice#precision} has it
     * @param threads number of workers
     * @throws BackendUnavailableException if it cannot start here
     */
    public static Picked pick(Choice choice, KernelTask task, Precision precision, int threads) {
        return switch (choice) {
            case AUTO ->
                new Picked(
                        cpu(task, precision, threads),
                        "picked by auto: it takes every network, and the oracle is for checks");
            case CPU -> new Picked(cpu(task, precision, threads), "asked for");
            case ORACLE -> new Picked(oracle(task, precision, threads), "asked for");
        };
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

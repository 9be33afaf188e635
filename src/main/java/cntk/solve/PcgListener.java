package cntk.solve;

import java.nio.file.Path;

/** Hears how an iterative solve goes on. */
public interface PcgListener {
    /** Hears nothing. */
    static PcgListener none() {
        return new PcgListener() {};
    }

    /** The preconditioner stands. */
    default void preconditioned(int rank, double seconds) {}

    /** The checkpoint is of another ridge, other targets or another kernel; it will be replaced. */
    default void replaced(Path file) {}

    /** A solve goes on from a checkpoint; without {@code sameBits} from its solution alone, with new directions. */
    default void resumed(int iteration, boolean sameBits) {}

    /**
     * An iteration is done.
     *
     * @param residual the largest relative residual of a class, as the recursion has it
     */
    default void iteration(int iteration, double residual) {}

    /** The directions were forgotten: rounding had made the residual of the recursion wrong. */
    default void restarted(int iteration, double residual) {}
}

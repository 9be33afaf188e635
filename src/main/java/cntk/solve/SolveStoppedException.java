package cntk.solve;

/** A solve was asked to stop; where it keeps checkpoints, it has written one. */
public final class SolveStoppedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public SolveStoppedException() {
        super("the solve was stopped");
    }
}

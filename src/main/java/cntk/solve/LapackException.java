package cntk.solve;

/** A LAPACK routine refused its arguments or did not converge; names the routine and its {@code info}. */
public final class LapackException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String routine;
    private final int info;

    LapackException(String routine, int info, String call) {
        super("LAPACK %s returned info = %d (%s) for %s"
                .formatted(
                        routine,
                        info,
                        info < 0 ? "argument " + -info + " has an illegal value" : "no convergence",
                        call));
        this.routine = routine;
        this.info = info;
    }

    public String routine() {
        return routine;
    }

    public int info() {
        return info;
    }
}

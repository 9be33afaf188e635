package cntk.solve;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

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

    /**
     * The code that a routine left.
     *
     * @param call its arguments, for the error
     * @throws LapackException if it refused them: a code below 0
     */
    static int accepted(String routine, MemorySegment info, String call) {
        int code = info.get(ValueLayout.JAVA_INT, 0);
        if (code < 0) {
            throw new LapackException(routine, code, call);
        }
        return code;
    }

    public String routine() {
        return routine;
    }

    public int info() {
        return info;
    }
}

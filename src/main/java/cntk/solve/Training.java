package cntk.solve;

/**
 * How a network in the kernel regime learns from squared loss: in every eigenmode by itself (maths.md, eq. 46 to 48). The
 * function starts at 0.
 *
 * <p>{@code time} is the training time of gradient flow, or the number of steps of gradient descent; infinity is the end.
 */
public sealed interface Training permits GradientFlow, GradientDescent {
    /**
     * phi(e) of {@link SpectralRegression}: what the coefficient of a mode has become, for a target of 1.
     *
     * @param eigenvalue above 0
     * @param time from 0 on
     */
    double filter(double eigenvalue, double time);

    /** What the training predictions of a mode still lack, for a target of 1. */
    default double remainder(double eigenvalue, double time) {
        return 1 - eigenvalue * filter(eigenvalue, time);
    }

    /** Whether the mode converges. */
    boolean converges(double eigenvalue);
}

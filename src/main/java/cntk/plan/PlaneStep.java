package cntk.plan;

/**
 * One step of the recursion on a displacement plane. The state at every entry is S and T~ = T + S in units of
 * {@link PlaneProgram}: K = unit * S and the tangent kernel is unit * T.
 */
public sealed interface PlaneStep {
    /**
     * S <- sum S + bias and T <- sum over the window of T~ (+ bias) if trained, of T alone if frozen; then a ReLU if one follows.
     *
     * @param radius of the window, k / 2
     * @param circular whether windows wrap around
     * @param train whether the layer's own covariance joins the tangent kernel
     * @param first whether no step stands before: then a frozen layer finds T~ = 0, not T + S
     * @param bias b^2 in units of the state after this step
     * @param relu whether the ReLU of the next layer is part of this step
     */
    record Conv(int radius, boolean circular, boolean train, boolean first, double bias, boolean relu)
            implements PlaneStep {}

    /** A ReLU that no convolution precedes. */
    record Relu() implements PlaneStep {}

    /** S and T~ times a power of two (or 0): keeps the numbers in range, exactly. */
    record Scale(double factor) implements PlaneStep {}
}

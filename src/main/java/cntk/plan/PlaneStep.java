package cntk.plan;

import cntk.arch.Layer;

/**
 * One step of the recursion on a displacement plane. The state at every entry is S and T~ = T + S in units of
 * {@link PlaneProgram}: K = unit * S and the tangent kernel is unit * T.
 */
public sealed interface PlaneStep {
    /** A step that reads the standard deviations of both images. */
    sealed interface Activation extends PlaneStep {}

    /**
     * S <- sum S + bias and T <- sum over the window of T~ (+ bias) if trained, of T alone if frozen.
     *
     * @param radius of the window, k / 2
     * @param circular whether windows wrap around
     * @param train whether the layer's own covariance joins the tangent kernel
     * @param first whether no step stands before: then a frozen layer finds T~ = 0, not T + S
     * @param bias b^2 in units of the state after this step
     */
    record Conv(int radius, boolean circular, boolean train, boolean first, double bias) implements PlaneStep {}

    /** A convolution and the ReLU behind it, in one pass where the window is 3x3. */
    record ConvRelu(Conv conv) implements Activation {}

    /** A ReLU that no convolution precedes. */
    record Relu() implements Activation {}

    /** Any other non-linearity; K = before * S goes in, K = after * S comes out. */
    record Nonlinear(Layer.Nonlinearity function, double before, double after) implements Activation {}

    /** S and T~ times a factor: a power of two that keeps the numbers in range (or 0). */
    record Scale(double factor) implements PlaneStep {}

    /** The state of the images themselves: S = sum_c x_c x'_c. The first step of the first segment. */
    record Input() implements PlaneStep {}

    /** What other planes have sent; see {@link PlaneProgram#tensors}. */
    record Load(int tensor) implements PlaneStep {}

    /** Adds the plane to a tensor that a later segment loads. */
    record Send(int tensor) implements PlaneStep {}

    /** Adds the plane to the sums of readouts {@code begin} to {@code end - 1} of {@link PlaneProgram#readouts}. */
    record Read(int begin, int end) implements PlaneStep {}

    /** Sets a copy of S and T~ aside: the way into a residual layer. */
    record Save(int depth) implements PlaneStep {}

    /** Goes back to what was set aside: the other way through a residual layer. */
    record Restore(int depth) implements PlaneStep {}

    /** Adds S and T~ set aside, times a factor between the units of the two. */
    record AddSaved(int depth, double factor) implements PlaneStep {}
}

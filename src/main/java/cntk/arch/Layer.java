package cntk.arch;

/**
 * One layer of an infinitely wide network in the NTK parametrisation: weights and biases are N(0,1), scaled by
 * {@code weightStd}/sqrt(fan-in) and {@code biasStd} (Jacot et al. 2018; Novak et al. 2020, "Neural Tangents").
 *
 * <p>Mathematics only: what a layer does to the kernels stands in {@code src/docs/maths.md} and {@code maths}.
 */
public sealed interface Layer {
    /** A layer with weights of its own, which may be frozen. */
    sealed interface Weighted extends Layer {
        double weightStd();

        double biasStd();

        /** Whether the weights are trained; a frozen layer leaves its own covariance out of the tangent kernel. */
        boolean train();
    }

    /** k x k convolution, k odd, stride 1. */
    record Conv(int k, Padding padding, double weightStd, double biasStd, boolean train) implements Weighted {
        public int radius() {
            return k / 2;
        }
    }

    /** max(0, x). */
    record Relu() implements Layer {}

    /** Every pixel its own feature: afterwards one number per pair, the mean over equal pixels. */
    record Flatten() implements Layer {}

    /** Mean over pixels: afterwards one number per pair, the mean over all pixel pairs. */
    record GlobalAveragePool() implements Layer {}

    /** Fully connected layer, after the image has become one position. */
    record Dense(double weightStd, double biasStd, boolean train) implements Weighted {}
}

package cntk.arch;

import cntk.dataset.InputException;

/**
 * One layer of an infinitely wide network in the NTK parametrisation: weights and biases are N(0,1), scaled by
 * {@code weightStd}/sqrt(fan-in) and {@code biasStd} (Jacot et al. 2018; Novak et al. 2020, "Neural Tangents").
 *
 * <p>Mathematics only: what a layer does to the kernels stands in {@code src/docs/maths.md} and {@code maths}.
 *
 * <p>A new layer is a record here, a line in {@link LayerWords} (how it is read), in {@link CanonicalText} (how it is
 * written) and in {@link Network} (what it does to the shape), and its mathematics in {@code maths} and the backends; the
 * compiler finds the last four, because no switch over layers has a default branch.
 */
public sealed interface Layer {
    /** A layer with weights of its own, which may be frozen. */
    sealed interface Weighted extends Layer {
        double weightStd();

        double biasStd();

        /** Whether the weights are trained; a frozen layer leaves its own covariance out of the tangent kernel. */
        boolean train();
    }

    /** k x k convolution, k odd, stride 1; maths.md eq. 3. */
    record Conv(int k, Padding padding, double weightStd, double biasStd, boolean train) implements Weighted {
        public Conv {
            if (k != 1 && k != 3 && k != 5) {
                throw new InputException("k is " + k + ", but a convolution needs k=1, k=3 or k=5");
            }
            weightStd = checkedStd("w", weightStd);
            biasStd = checkedStd("b", biasStd);
        }

        public int radius() {
            return k / 2;
        }
    }

    /** max(0, x); maths.md eq. 5. */
    record Relu() implements Layer {}

    /** Every pixel its own feature: afterwards one number per pair, the mean over equal pixels; maths.md eq. 8. */
    record Flatten() implements Layer {}

    /** Mean over pixels: afterwards one number per pair, the mean over all pixel pairs; maths.md eq. 9. */
    record GlobalAveragePool() implements Layer {}

    /** Fully connected layer, after the image has become one position; maths.md eq. 4. */
    record Dense(double weightStd, double biasStd, boolean train) implements Weighted {
        public Dense {
            weightStd = checkedStd("w", weightStd);
            biasStd = checkedStd("b", biasStd);
        }
    }

    private static double checkedStd(String name, double value) {
        if (!(value >= 0 && value <= MAX_STD)) {
            throw new InputException(name + " is " + value + ", but must be a number from 0 to " + MAX_STD);
        }
        return value + 0.0; // -0.0 becomes 0.0, so that equal layers have equal texts
    }

    /** Largest scale of weights and biases; its square times a thousand layers is far from the range of a double. */
    double MAX_STD = 1e6;
}

package cntk.arch;

import cntk.dataset.InputException;
import java.util.List;
import java.util.stream.Stream;

/**
 * One layer of an infinitely wide network in the NTK parametrisation: weights and biases are N(0,1), scaled by
 * {@code weightStd}/sqrt(fan-in) and {@code biasStd} (Jacot et al. 2018; Novak et al. 2020, "Neural Tangents").
 *
 * <p>Mathematics only: what a layer does to the kernels stands in {@code src/docs/maths.md} and {@code maths}.
 *
 * <p>A new layer is a record here, a line in {@link LayerWords} (how it is read), in {@link CanonicalText} (how it is
 * written), its mathematics in {@code maths} (for a {@link Nonlinearity} a line in {@code DualActivation}) and its kernel in the
 * backends; the compiler finds all but the first, because no switch over layers has a default branch. {@link Extent} and
 * {@link NetworkCheck} know kinds of layers only.
 */
public sealed interface Layer {
    /** A layer with weights of its own, which may be frozen. */
    sealed interface Weighted extends Layer {
        double weightStd();

        double biasStd();

        /** Whether the weights are trained; a frozen layer leaves its own covariance out of the tangent kernel. */
        boolean train();
    }

    /** A mean over windows, the same for K and T: each of its entries reads k x k pixels of both images; maths.md eq. 19. */
    sealed interface Pooling extends Layer {
        Window window();
    }

    /** Acts on every value alone: K and T behind it at an entry depend on K, T and both variances there. */
    sealed interface Nonlinearity extends Layer {
        /** Whether its closed form holds for sums over infinitely many weights only. */
        default boolean needsGaussian() {
            return true;
        }

        /** Whether the kernel of its derivative is known; without it a network has the NNGP kernel only. */
        default boolean hasTangent() {
            return true;
        }
    }

    /** k x k convolution, k odd; maths.md eq. 3 and 18. */
    record Conv(int k, int stride, Padding padding, double weightStd, double biasStd, boolean train)
            implements Weighted {
        public Conv {
            if (k < 1 || k > MAX_CONV || k % 2 == 0) {
                throw new InputException("k is " + k + ", but a convolution needs k=1, k=3, k=5 or k=7");
            }
            if (stride != 1 && stride != 2) {
                throw new InputException("stride is " + stride + ", but a convolution needs stride=1 or stride=2");
            }
            weightStd = checkedStd("w", weightStd);
            biasStd = checkedStd("b", biasStd);
        }

        /** Stride 1. */
        public Conv(int k, Padding padding, double weightStd, double biasStd, boolean train) {
            this(k, 1, padding, weightStd, biasStd, train);
        }

        public int radius() {
            return k / 2;
        }

        public Window window() {
            return new Window(k, stride, padding);
        }
    }

    /** Mean over k x k pixels, {@code stride} apart; divides by k^2 at the border too. */
    record AvgPool(int k, int stride, Padding padding) implements Pooling {
        public AvgPool {
            checkedWhole("k", k, 1, MAX_POOL);
            checkedWhole("stride", stride, 1, MAX_POOL);
        }

        @Override
        public Window window() {
            return new Window(k, stride, padding);
        }
    }

    /** Local average pooling of Li et al. 2019: mean over (2c+1) x (2c+1) pixels around each one; the size stays. */
    record Lap(int c, Padding padding) implements Pooling {
        public Lap {
            checkedWhole("c", c, 0, (MAX_POOL - 1) / 2);
            if (padding == Padding.VALID) {
                throw new InputException("padding is 'valid', but lap keeps the size: pad=zero or pad=circular");
            }
        }

        @Override
        public Window window() {
            return new Window(2 * c + 1, 1, padding);
        }
    }

    /** max(0, x); maths.md eq. 5. */
    record Relu() implements Nonlinearity {}

    /** x above 0, a x below; maths.md eq. 23. */
    record LeakyRelu(double a) implements Nonlinearity {
        public LeakyRelu {
            a = checkedNumber("a", a, -MAX_SLOPE, MAX_SLOPE);
        }
    }

    /** |x|; maths.md eq. 23 with a = -1. */
    record Abs() implements Nonlinearity {}

    /** The error function; maths.md eq. 24. */
    record Erf() implements Nonlinearity {}

    /** x Phi(x), with the Gaussian distribution function Phi; maths.md eq. 25. */
    record Gelu() implements Nonlinearity {}

    /** sin x; maths.md eq. 26. */
    record Sin() implements Nonlinearity {}

    /** sqrt(2) sin(sqrt(2 gamma) x + pi/4), whose kernel is the radial basis function of width gamma; maths.md eq. 27. */
    record Rbf(double gamma) implements Nonlinearity {
        public Rbf {
            gamma = checkedNumber("gamma", gamma, 0, MAX_GAMMA);
        }
    }

    /** x itself. */
    record Identity() implements Nonlinearity {
        @Override
        public boolean needsGaussian() {
            return false;
        }
    }

    /** The normalised Gaussian kernel of Shankar et al. 2020; NNGP only; maths.md eq. 28. */
    record Gaussian(double gamma) implements Nonlinearity {
        public Gaussian {
            gamma = checkedNumber("gamma", gamma, 0, MAX_GAMMA);
        }

        @Override
        public boolean hasTangent() {
            return false;
        }
    }

    /** The last layer of Shankar et al. 2020: the ReLU kernel of the correlation; NNGP only; maths.md eq. 29. */
    record ReluProject() implements Nonlinearity {
        @Override
        public boolean needsGaussian() {
            return false;
        }

        @Override
        public boolean hasTangent() {
            return false;
        }
    }

    /** The sum of two ways through the network, the shortcut being the identity where it is empty; maths.md eq. 21. */
    record Residual(List<Layer> branch, List<Layer> shortcut) implements Layer {
        public Residual {
            branch = List.copyOf(branch);
            shortcut = List.copyOf(shortcut);
            if (branch.isEmpty()) {
                throw new InputException("the branch is empty\nhint: write layers between the brackets, such as"
                        + " residual(relu conv relu conv)");
            }
            if (depth(branch, shortcut) > MAX_NESTED) {
                throw new InputException("residual layers stand more than " + MAX_NESTED + " deep");
            }
            if (Stream.concat(all(branch), all(shortcut))
                            .limit(Architecture.MAX_LAYERS)
                            .count()
                    == Architecture.MAX_LAYERS) {
                throw new InputException("the network has more than " + Architecture.MAX_LAYERS + " layers");
            }
        }

        private static int depth(List<Layer> branch, List<Layer> shortcut) {
            int deepest = 0;
            for (Layer layer : Stream.concat(branch.stream(), shortcut.stream()).toList()) {
                deepest = layer instanceof Residual inner
                        ? Math.max(deepest, depth(inner.branch(), inner.shortcut()))
                        : deepest;
            }
            return deepest + 1;
        }
    }

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

    /** These layers and those inside them, each residual layer before its branch and its shortcut. */
    static Stream<Layer> all(List<Layer> layers) {
        return layers.stream()
                .flatMap(layer -> layer instanceof Residual residual
                        ? Stream.concat(
                                Stream.of(layer), Stream.concat(all(residual.branch()), all(residual.shortcut())))
                        : Stream.of(layer));
    }

    private static double checkedStd(String name, double value) {
        return checkedNumber(name, value, 0, MAX_STD);
    }

    private static double checkedNumber(String name, double value, double least, double most) {
        if (!(value >= least && value <= most)) {
            throw new InputException(name + " is " + value + ", but must be a number from "
                    + CanonicalText.number(least) + " to " + CanonicalText.number(most));
        }
        return value + 0.0; // -0.0 becomes 0.0, so that equal layers have equal texts
    }

    private static void checkedWhole(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new InputException(
                    name + " is " + value + ", but must be a whole number from " + least + " to " + most);
        }
    }

    /** Largest scale of weights and biases; its square times a thousand layers is far from the range of a double. */
    double MAX_STD = 1e6;

    /** Steepest negative side of a leaky ReLU. */
    double MAX_SLOPE = 1e3;

    /** Narrowest Gaussian. */
    double MAX_GAMMA = 1e6;

    /** Largest window of a convolution. */
    int MAX_CONV = 7;

    /** Largest window and stride of a pooling layer: that of the largest image. */
    int MAX_POOL = Network.MAX_SIDE;

    /** How deep residual layers may stand in one another. */
    int MAX_NESTED = 10;
}

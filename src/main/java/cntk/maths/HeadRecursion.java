package cntk.maths;

import cntk.arch.Layer;
import java.util.List;

/**
 * The layers behind the readout, on one position: dense layers, non-linearities and sums of them on two numbers; maths.md eq. 4 to
 * 7, 21 to 29.
 */
public final class HeadRecursion {
    private final List<Layer> layers;
    private final int nonlinearities;

    /** @param layers of the head, in order */
    public HeadRecursion(List<Layer> layers) {
        this.layers = List.copyOf(layers);
        this.nonlinearities = (int)
                Layer.all(layers).filter(Layer.Nonlinearity.class::isInstance).count();
    }

    /** Non-linearities in the head: each needs the variance of both images before it. */
    public int nonlinearities() {
        return nonlinearities;
    }

    /**
     * Both kernels of a pair behind the head.
     *
     * @param readout both kernels of the pair behind the readout
     * @param variances of the first image before each non-linearity, from {@link #variances}
     * @param otherVariances of the second
     */
    public KernelPair apply(KernelPair readout, double[] variances, double[] otherVariances) {
        return new Walk(variances, otherVariances, false).through(layers, readout);
    }

    /** Variances of one image before each non-linearity, from its pair with itself behind the readout. */
    public double[] variances(KernelPair self) {
        double[] variances = new double[nonlinearities];
        new Walk(variances, variances, true).through(layers, self);
        return variances;
    }

    /** One way through the head; counts the non-linearities passed. */
    private static final class Walk {
        private final double[] variances;
        private final double[] otherVariances;
        private final boolean self;
        private int passed;

        /** @param self whether the pair is an image with itself, whose variances are written down on the way */
        Walk(double[] variances, double[] otherVariances, boolean self) {
            this.variances = variances;
            this.otherVariances = otherVariances;
            this.self = self;
        }

        KernelPair through(List<Layer> layers, KernelPair before) {
            KernelPair kernels = before;
            for (Layer layer : layers) {
                kernels = switch (layer) {
                    case Layer.Dense dense -> dense(kernels, dense);
                    case Layer.Nonlinearity nonlinearity -> nonlinear(kernels, DualActivation.of(nonlinearity));
                    case Layer.Residual(List<Layer> branch, List<Layer> shortcut) ->
                        sum(through(branch, kernels), through(shortcut, kernels));
                    case Layer.Conv _, Layer.Pooling _, Layer.Flatten(), Layer.GlobalAveragePool() ->
                        throw new IllegalStateException("layer " + layer + " has no place behind the readout");
                };
            }
            return kernels;
        }

        private KernelPair nonlinear(KernelPair before, DualActivation dual) {
            if (self) {
                variances[passed] = before.nngp();
            }
            double q = variances[passed];
            double otherQ = otherVariances[passed];
            passed++;
            return dual.apply(before, q, otherQ);
        }
    }

    /** K = b^2 + w^2 K, T = [train] K + w^2 T; maths.md eq. 4. */
    private static KernelPair dense(KernelPair before, Layer.Dense dense) {
        double weight = dense.weightStd() * dense.weightStd();
        double nngp = dense.biasStd() * dense.biasStd() + weight * before.nngp();
        return new KernelPair(nngp, (dense.train() ? nngp : 0) + weight * before.ntk());
    }

    /** maths.md eq. 21. */
    private static KernelPair sum(KernelPair branch, KernelPair shortcut) {
        return new KernelPair(branch.nngp() + shortcut.nngp(), branch.ntk() + shortcut.ntk());
    }
}

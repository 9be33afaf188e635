package cntk.maths;

import cntk.arch.Layer;
import java.util.List;

/** The layers behind the readout, on one position: dense layers and ReLUs on two numbers; maths.md eq. 4 to 7. */
public final class HeadRecursion {
    private final List<Layer> layers;

    /** @param layers of the head, in order */
    public HeadRecursion(List<Layer> layers) {
        this.layers = List.copyOf(layers);
    }

    /** ReLUs in the head: each needs the variance of both images before it. */
    public int relus() {
        return (int) layers.stream().filter(Layer.Relu.class::isInstance).count();
    }

    /**
     * Both kernels of a pair behind the head.
     *
     * @param readout both kernels of the pair behind the readout
     * @param variances of the first image before each ReLU, from {@link #variances}
     * @param otherVariances of the second
     */
    public KernelPair apply(KernelPair readout, double[] variances, double[] otherVariances) {
        KernelPair kernels = readout;
        int relus = 0;
        for (Layer layer : layers) {
            switch (layer) {
                case Layer.Dense dense -> kernels = dense(kernels, dense);
                case Layer.Relu() -> {
                    kernels = relu(kernels, variances[relus], otherVariances[relus]);
                    relus++;
                }
                case Layer.Conv _, Layer.Flatten(), Layer.GlobalAveragePool() -> throw misplaced(layer);
            }
        }
        return kernels;
    }

    /** Variances of one image before each ReLU, from its pair with itself behind the readout. */
    public double[] variances(KernelPair self) {
        double[] variances = new double[relus()];
        KernelPair kernels = self;
        int relus = 0;
        for (Layer layer : layers) {
            switch (layer) {
                case Layer.Dense dense -> kernels = dense(kernels, dense);
                case Layer.Relu() -> {
                    variances[relus++] = kernels.nngp();
                    kernels = relu(kernels, kernels.nngp(), kernels.nngp());
                }
                case Layer.Conv _, Layer.Flatten(), Layer.GlobalAveragePool() -> throw misplaced(layer);
            }
        }
        return variances;
    }

    /** K = b^2 + w^2 K, T = [train] K + w^2 T; maths.md eq. 4. */
    private static KernelPair dense(KernelPair before, Layer.Dense dense) {
        double weight = dense.weightStd() * dense.weightStd();
        double nngp = dense.biasStd() * dense.biasStd() + weight * before.nngp();
        return new KernelPair(nngp, (dense.train() ? nngp : 0) + weight * before.ntk());
    }

    /** maths.md eq. 5 to 7. */
    private static KernelPair relu(KernelPair before, double q, double otherQ) {
        double scale = ArcCosine.scale(q, otherQ);
        double c = ArcCosine.correlation(before.nngp(), scale);
        return new KernelPair(scale * ArcCosine.k1(c) / 2, before.ntk() * ArcCosine.k0(c) / 2);
    }

    private static IllegalStateException misplaced(Layer layer) {
        return new IllegalStateException("layer " + layer + " has no place behind the readout");
    }
}

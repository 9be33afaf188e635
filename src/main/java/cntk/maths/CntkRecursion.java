package cntk.maths;

import cntk.arch.Layer;
import cntk.arch.Network;
import java.util.ArrayList;
import java.util.List;

/**
 * The oracle: both kernels of one pair of images by plain loops in double precision, layer by layer as maths.md writes
 * them. Every other way to compute a kernel is judged by this one.
 *
 * <p>Where only equal pixels are read (flatten), H W entries are computed per layer, else all (H W)^2: at 32x32 some 0.1 s
 * per layer, at 96x96 three arrays of 680 MB. One thread at a time; a {@link PreparedImage} may be shared between
 * recursions of the same network.
 */
public final class CntkRecursion {
    private final Network network;
    private final PixelKernels pair;
    private final PixelKernels self;

    private CntkRecursion(Network network) {
        this.network = network;
        PixelPairs pairs = PixelPairs.of(network.planes(), network.input());
        PixelPairs equalPixels = new PixelPairs.EqualPixels(
                network.input().height(), network.input().width());
        this.pair = new PixelKernels(network.input(), pairs);
        this.self = new PixelKernels(network.input(), equalPixels);
    }

    public static CntkRecursion of(Network network) {
        return new CntkRecursion(network);
    }

    /**
     * Computes the variances of one image.
     *
     * @param x C H W values, [c][i][j]; copied
     */
    public PreparedImage prepare(double[] x) {
        if (x.length != network.input().values()) {
            throw new IllegalArgumentException(x.length + " values for an image of " + network.input());
        }
        double[] values = x.clone();
        List<double[]> spatialVariances = spatialVariances(values);
        PreparedImage withoutHead = new PreparedImage(values, spatialVariances, new double[0]);
        return new PreparedImage(values, spatialVariances, headVariances(withoutHead));
    }

    /** Both kernels of a pair; the images have been prepared for the same network. */
    public KernelPair evaluate(PreparedImage x, PreparedImage other) {
        KernelPair kernels = readout(x, other);
        int relus = 0;
        for (Layer layer : network.headLayers()) {
            switch (layer) {
                case Layer.Dense dense -> kernels = dense(kernels, dense);
                case Layer.Relu() -> {
                    kernels = relu(kernels, x.headVariance(relus), other.headVariance(relus));
                    relus++;
                }
                case Layer.Conv _, Layer.Flatten(), Layer.GlobalAveragePool() -> throw misplaced(layer);
            }
        }
        return kernels;
    }

    /** Both kernels of a pair, each image C H W values in the order [c][i][j]. */
    public KernelPair evaluate(double[] x, double[] other) {
        return evaluate(prepare(x), prepare(other));
    }

    /** Both kernels behind the readout. */
    private KernelPair readout(PreparedImage x, PreparedImage other) {
        pair.input(x.values(), other.values());
        int relus = 0;
        for (Layer layer : network.spatialLayers()) {
            switch (layer) {
                case Layer.Conv conv -> pair.convolve(conv);
                case Layer.Relu() -> {
                    pair.relu(x.spatialVariance(relus), other.spatialVariance(relus));
                    relus++;
                }
                case Layer.Dense _, Layer.Flatten(), Layer.GlobalAveragePool() -> throw misplaced(layer);
            }
        }
        return pair.mean();
    }

    /** The recursion of the image with itself at equal pixels, stopped before each ReLU; maths.md eq. 10. */
    private List<double[]> spatialVariances(double[] x) {
        List<double[]> variances = new ArrayList<>();
        self.input(x, x);
        for (Layer layer : network.spatialLayers()) {
            switch (layer) {
                case Layer.Conv conv -> self.convolve(conv);
                case Layer.Relu() -> {
                    double[] q = self.nngp();
                    variances.add(q);
                    self.relu(q, q);
                }
                case Layer.Dense _, Layer.Flatten(), Layer.GlobalAveragePool() -> throw misplaced(layer);
            }
        }
        return variances;
    }

    private double[] headVariances(PreparedImage x) {
        long count = network.headLayers().stream()
                .filter(Layer.Relu.class::isInstance)
                .count();
        double[] variances = new double[(int) count];
        if (count == 0) {
            return variances; // saves the full self pair that gap would need
        }
        KernelPair kernels = readout(x, x);
        int relus = 0;
        for (Layer layer : network.headLayers()) {
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
        return new IllegalStateException("layer " + layer + " has no place here");
    }
}

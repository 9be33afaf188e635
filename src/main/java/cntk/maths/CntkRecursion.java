package cntk.maths;

import cntk.arch.Extent;
import cntk.arch.Layer;
import cntk.arch.Network;
import cntk.arch.PlacedLayer;
import cntk.arch.PlaneDemand;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * The oracle: both kernels of one pair of images by plain loops in double precision, layer by layer as maths.md writes
 * them. Every other way to compute a kernel is judged by this one.
 *
 * <p>Where only equal pixels are read (flatten without pooling), H W entries are computed per layer, else all (H W)^2: at
 * 32x32 some 35 ms per layer, at 96x96 four arrays of 680 MB. One thread at a time; a {@link PreparedImage} may be shared
 * between recursions of the same network.
 */
public final class CntkRecursion {
    private final Network network;
    private final HeadRecursion head;

    private CntkRecursion(Network network) {
        this.network = network;
        this.head = new HeadRecursion(network.headLayers());
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
        List<double[]> spatialVariances = new ArrayList<>();
        PixelKernels self = image(network.variances(), values, values, (kernels, dual) -> {
            double[] q = kernels.diagonal(); // maths.md eq. 10
            spatialVariances.add(q);
            kernels.nonlinear(dual, q, q);
        });
        double[] headVariances = network.headNeedsVariances() ? head.variances(self.mean()) : new double[0];
        return new PreparedImage(values, spatialVariances, headVariances);
    }

    /** Both kernels of a pair; the images have been prepared for the same network. */
    public KernelPair evaluate(PreparedImage x, PreparedImage other) {
        Iterator<double[]> variances = x.spatialVariances().iterator();
        Iterator<double[]> otherVariances = other.spatialVariances().iterator();
        PixelKernels pair = image(
                network.spatial(),
                x.values(),
                other.values(),
                (kernels, dual) -> kernels.nonlinear(dual, variances.next(), otherVariances.next()));
        return head.apply(pair.mean(), x.headVariances(), other.headVariances());
    }

    /** Both kernels of a pair, each image C H W values in the order [c][i][j]. */
    public KernelPair evaluate(double[] x, double[] other) {
        return evaluate(prepare(x), prepare(other));
    }

    /** What to do at a non-linearity; these come in the order of {@link Layer#all}. */
    private interface AtNonlinearity {
        void step(PixelKernels kernels, DualActivation dual);
    }

    /** The state behind the given layers, which begin at the input. */
    private PixelKernels image(List<PlacedLayer> layers, double[] x, double[] other, AtNonlinearity nonlinearity) {
        PlaneDemand demand =
                layers.isEmpty() ? network.readoutPlanes() : layers.getFirst().reads();
        PixelPairs pairs = PixelPairs.of(demand, Extent.of(network.input()));
        PixelKernels kernels = PixelKernels.input(network.input(), pairs, x, other);
        through(layers, kernels, nonlinearity);
        return kernels;
    }

    private static void through(List<PlacedLayer> layers, PixelKernels kernels, AtNonlinearity nonlinearity) {
        for (PlacedLayer placed : layers) {
            PixelPairs pairs = PixelPairs.of(placed.gives(), placed.after());
            switch (placed.layer()) {
                case Layer.Conv conv -> kernels.convolve(conv, placed.after(), pairs);
                case Layer.Pooling pool -> kernels.pool(pool.window(), placed.after(), pairs);
                case Layer.Nonlinearity layer -> {
                    kernels.keep(pairs);
                    nonlinearity.step(kernels, DualActivation.of(layer));
                }
                case Layer.Residual _ -> {
                    PixelKernels shortcut = kernels.copy();
                    through(placed.branch(), kernels, nonlinearity);
                    through(placed.shortcut(), shortcut, nonlinearity);
                    kernels.keep(pairs);
                    shortcut.keep(pairs);
                    kernels.add(shortcut);
                }
                case Layer.Dense _, Layer.Flatten(), Layer.GlobalAveragePool() ->
                    throw new IllegalStateException("layer " + placed.layer() + " has no place here");
            }
        }
    }
}

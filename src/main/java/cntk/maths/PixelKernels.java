package cntk.maths;

import cntk.arch.Layer;
import cntk.dataset.ImageShape;
import java.util.Arrays;

/**
 * The state of the recursion on the image: K and T at every computed entry [i,j,i',j'] of one pair of images. Layers change
 * it in place. The arrays are kept for the next pair.
 */
final class PixelKernels {
    private final ImageShape shape;
    private final PixelPairs pairs;
    private final double[] nngp;
    private final double[] ntk;
    private final double[] sums;

    PixelKernels(ImageShape shape, PixelPairs pairs) {
        this.shape = shape;
        this.pairs = pairs;
        this.nngp = new double[pairs.count()];
        this.ntk = new double[pairs.count()];
        this.sums = new double[pairs.count()];
    }

    /** K = sum_c x_c[i,j] x'_c[i',j'] / C and T = 0; maths.md eq. 2. */
    void input(double[] x, double[] other) {
        for (int e = 0; e < pairs.count(); e++) {
            double sum = 0;
            for (int c = 0; c < shape.channels(); c++) {
                int channel = c * shape.pixels();
                sum += x[channel + pairs.pixel(e)] * other[channel + pairs.otherPixel(e)];
            }
            nngp[e] = sum / shape.channels();
        }
        Arrays.fill(ntk, 0);
    }

    /** K = b^2 + w^2/k^2 sum K, T = [train] K + w^2/k^2 sum T; maths.md eq. 3. */
    void convolve(Layer.Conv conv) {
        double weight = conv.weightStd() * conv.weightStd() / (conv.k() * conv.k());
        double bias = conv.biasStd() * conv.biasStd();
        pairs.windowSums(nngp, conv, sums);
        for (int e = 0; e < pairs.count(); e++) {
            nngp[e] = bias + weight * sums[e];
        }
        pairs.windowSums(ntk, conv, sums);
        for (int e = 0; e < pairs.count(); e++) {
            ntk[e] = (conv.train() ? nngp[e] : 0) + weight * sums[e];
        }
    }

    /** The ReLU step with the variances q[i,j] of both images; maths.md eq. 5 to 7. */
    void relu(double[] q, double[] otherQ) {
        for (int e = 0; e < pairs.count(); e++) {
            double scale = ArcCosine.scale(q[pairs.pixel(e)], otherQ[pairs.otherPixel(e)]);
            double c = ArcCosine.correlation(nngp[e], scale);
            nngp[e] = scale * ArcCosine.k1(c) / 2;
            ntk[e] = ntk[e] * ArcCosine.k0(c) / 2;
        }
    }

    /** A copy of K, entry by entry. */
    double[] nngp() {
        return nngp.clone();
    }

    /** Mean of K and of T over the computed entries: flatten or gap; maths.md eq. 8 and 9. */
    KernelPair mean() {
        return new KernelPair(pairs.mean(nngp), pairs.mean(ntk));
    }
}

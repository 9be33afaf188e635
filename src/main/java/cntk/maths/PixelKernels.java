package cntk.maths;

import cntk.arch.Extent;
import cntk.arch.Layer;
import cntk.arch.Window;
import cntk.dataset.ImageShape;

/**
 * The state of the recursion on the image: K and T at every computed entry [i,j,i',j'] of one pair of images. Layers change
 * it in place.
 */
final class PixelKernels {
    private Extent extent;
    private PixelPairs pairs;
    private double[] nngp;
    private double[] ntk;

    private PixelKernels(Extent extent, PixelPairs pairs, double[] nngp, double[] ntk) {
        this.extent = extent;
        this.pairs = pairs;
        this.nngp = nngp;
        this.ntk = ntk;
    }

    /** K = sum_c x_c[i,j] x'_c[i',j'] / C and T = 0; maths.md eq. 2. */
    static PixelKernels input(ImageShape shape, PixelPairs pairs, double[] x, double[] other) {
        double[] nngp = new double[pairs.count()];
        for (int e = 0; e < pairs.count(); e++) {
            double sum = 0;
            for (int c = 0; c < shape.channels(); c++) {
                int channel = c * shape.pixels();
                sum += x[channel + pairs.pixel(e)] * other[channel + pairs.otherPixel(e)];
            }
            nngp[e] = sum / shape.channels();
        }
        return new PixelKernels(Extent.of(shape), pairs, nngp, new double[pairs.count()]);
    }

    /** The same state once more, for the other way through a residual layer. */
    PixelKernels copy() {
        return new PixelKernels(extent, pairs, nngp.clone(), ntk.clone());
    }

    /** Forgets the entries that are not among {@code fewer}. */
    void keep(PixelPairs fewer) {
        if (!pairs.equals(fewer)) {
            nngp = kept(nngp, fewer);
            ntk = kept(ntk, fewer);
            pairs = fewer;
        }
    }

    private double[] kept(double[] kernel, PixelPairs fewer) {
        double[] out = new double[fewer.count()];
        for (int e = 0; e < out.length; e++) {
            out[e] = kernel[pairs.entry(fewer.pixel(e), fewer.otherPixel(e))];
        }
        return out;
    }

    /** K = b^2 + w^2/k^2 sum K, T = [train] K + w^2/k^2 sum T; maths.md eq. 3 and 18. */
    void convolve(Layer.Conv conv, Extent after, PixelPairs pairsAfter) {
        double weight = conv.weightStd() * conv.weightStd() / (conv.k() * conv.k());
        double bias = conv.biasStd() * conv.biasStd();
        PixelWindows windows = new PixelWindows(conv.window(), extent, after);
        nngp = windowSums(nngp, windows, pairsAfter);
        for (int e = 0; e < nngp.length; e++) {
            nngp[e] = bias + weight * nngp[e];
        }
        ntk = windowSums(ntk, windows, pairsAfter);
        for (int e = 0; e < ntk.length; e++) {
            ntk[e] = (conv.train() ? nngp[e] : 0) + weight * ntk[e];
        }
        extent = after;
        pairs = pairsAfter;
    }

    /** Sums over the places of the window, the same in both images; outside is 0. */
    private double[] windowSums(double[] kernel, PixelWindows windows, PixelPairs pairsAfter) {
        double[] sums = new double[pairsAfter.count()];
        for (int e = 0; e < sums.length; e++) {
            int[] window = windows.of(pairsAfter.pixel(e));
            int[] otherWindow = windows.of(pairsAfter.otherPixel(e));
            double sum = 0;
            for (int place = 0; place < window.length; place++) {
                if (window[place] >= 0 && otherWindow[place] >= 0) {
                    sum += kernel[pairs.entry(window[place], otherWindow[place])];
                }
            }
            sums[e] = sum;
        }
        return sums;
    }

    /** Mean over the window of x and the window of x', separately; maths.md eq. 19. */
    void pool(Window window, Extent after, PixelPairs pairsAfter) {
        PixelWindows windows = new PixelWindows(window, extent, after);
        double places = Math.pow(window.k(), 4);
        nngp = boxMeans(nngp, windows, places, after, pairsAfter);
        ntk = boxMeans(ntk, windows, places, after, pairsAfter);
        extent = after;
        pairs = pairsAfter;
    }

    private double[] boxMeans(
            double[] kernel, PixelWindows windows, double places, Extent after, PixelPairs pairsAfter) {
        double[] means = new double[pairsAfter.count()];
        for (int pixel = 0; pixel < after.pixels(); pixel++) {
            double[] row = rowSums(kernel, windows.of(pixel));
            for (int otherPixel = 0; otherPixel < after.pixels(); otherPixel++) {
                int e = pairsAfter.entry(pixel, otherPixel);
                if (e >= 0) {
                    means[e] = sum(row, windows.of(otherPixel)) / places;
                }
            }
        }
        return means;
    }

    /** For every pixel of x', the sum over one window of x; entries that are not computed are not needed (1x1 windows). */
    private double[] rowSums(double[] kernel, int[] window) {
        double[] row = new double[extent.pixels()];
        for (int pixel : window) {
            for (int otherPixel = 0; pixel >= 0 && otherPixel < row.length; otherPixel++) {
                int e = pairs.entry(pixel, otherPixel);
                row[otherPixel] += e >= 0 ? kernel[e] : 0;
            }
        }
        return row;
    }

    private static double sum(double[] row, int[] window) {
        double sum = 0;
        for (int pixel : window) {
            sum += pixel >= 0 ? row[pixel] : 0;
        }
        return sum;
    }

    /** A non-linearity with the variances q[i,j] of both images; maths.md eq. 22. */
    void nonlinear(DualActivation dual, double[] q, double[] otherQ) {
        for (int e = 0; e < nngp.length; e++) {
            double variance = q[pairs.pixel(e)];
            double otherVariance = otherQ[pairs.otherPixel(e)];
            double covariance = nngp[e];
            nngp[e] = dual.nngp(covariance, variance, otherVariance);
            ntk[e] *= dual.slope(covariance, variance, otherVariance);
        }
    }

    /** Adds the other way through a residual layer; maths.md eq. 21. */
    void add(PixelKernels other) {
        for (int e = 0; e < nngp.length; e++) {
            nngp[e] += other.nngp[e];
            ntk[e] += other.ntk[e];
        }
    }

    /** K at equal pixels: the variances, if the pair is an image with itself. */
    double[] diagonal() {
        double[] diagonal = new double[extent.pixels()];
        for (int pixel = 0; pixel < diagonal.length; pixel++) {
            diagonal[pixel] = nngp[pairs.entry(pixel, pixel)];
        }
        return diagonal;
    }

    /** Mean of K and of T over the computed entries: flatten or gap; maths.md eq. 8 and 9. */
    KernelPair mean() {
        return new KernelPair(pairs.mean(nngp), pairs.mean(ntk));
    }
}

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
        for (int pixel = 0; pixel < pairs.pixels(); pixel++) {
            for (int e = pairs.begin(pixel); e < pairs.begin(pixel + 1); e++) {
                int otherPixel = e - pairs.origin(pixel);
                double sum = 0;
                for (int c = 0; c < shape.channels(); c++) {
                    int channel = c * shape.pixels();
                    sum += x[channel + pixel] * other[channel + otherPixel];
                }
                nngp[e] = sum / shape.channels();
            }
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
        for (int pixel = 0; pixel < fewer.pixels(); pixel++) {
            for (int e = fewer.begin(pixel); e < fewer.begin(pixel + 1); e++) {
                out[e] = kernel[pairs.origin(pixel) + e - fewer.origin(pixel)];
            }
        }
        return out;
    }

    /**
     * K = b^2 + w^2/k^2 sum K, T = [train] K + w^2/k^2 sum T, over the places of the window, the same in both images; outside is 0.
     * maths.md eq. 3 and 18.
     */
    void convolve(Layer.Conv conv, Extent after, PixelPairs pairsAfter) {
        double weight = conv.weightStd() * conv.weightStd() / (conv.k() * conv.k());
        double bias = conv.biasStd() * conv.biasStd();
        PixelWindows windows = new PixelWindows(conv.window(), extent, after);
        double[] nngpAfter = new double[pairsAfter.count()];
        double[] ntkAfter = new double[pairsAfter.count()];
        for (int pixel = 0; pixel < pairsAfter.pixels(); pixel++) {
            int[] origins = origins(windows.of(pixel));
            for (int e = pairsAfter.begin(pixel); e < pairsAfter.begin(pixel + 1); e++) {
                int[] otherWindow = windows.of(e - pairsAfter.origin(pixel));
                double nngpSum = 0;
                double ntkSum = 0;
                for (int place = 0; place < origins.length; place++) {
                    if (origins[place] >= 0 && otherWindow[place] >= 0) {
                        nngpSum += nngp[origins[place] + otherWindow[place]];
                        ntkSum += ntk[origins[place] + otherWindow[place]];
                    }
                }
                nngpAfter[e] = bias + weight * nngpSum;
                ntkAfter[e] = (conv.train() ? nngpAfter[e] : 0) + weight * ntkSum;
            }
        }
        nngp = nngpAfter;
        ntk = ntkAfter;
        extent = after;
        pairs = pairsAfter;
    }

    /** {@link PixelPairs#origin} of the pixels of a window of x; -1 outside the image. */
    private int[] origins(int[] window) {
        int[] origins = new int[window.length];
        for (int place = 0; place < window.length; place++) {
            origins[place] = window[place] < 0 ? -1 : pairs.origin(window[place]);
        }
        return origins;
    }

    /** Mean over the window of x and the window of x', separately; maths.md eq. 19. */
    void pool(Window window, Extent after, PixelPairs pairsAfter) {
        PixelWindows windows = new PixelWindows(window, extent, after);
        double places = Math.pow(window.k(), 4);
        nngp = boxMeans(nngp, windows, places, pairsAfter);
        ntk = boxMeans(ntk, windows, places, pairsAfter);
        extent = after;
        pairs = pairsAfter;
    }

    private double[] boxMeans(double[] kernel, PixelWindows windows, double places, PixelPairs pairsAfter) {
        double[] means = new double[pairsAfter.count()];
        for (int pixel = 0; pixel < pairsAfter.pixels(); pixel++) {
            double[] row = rowSums(kernel, windows.of(pixel));
            for (int e = pairsAfter.begin(pixel); e < pairsAfter.begin(pixel + 1); e++) {
                means[e] = sum(row, windows.of(e - pairsAfter.origin(pixel))) / places;
            }
        }
        return means;
    }

    /** For every pixel of x', the sum over one window of x; entries that are not computed are not needed (1x1 windows). */
    private double[] rowSums(double[] kernel, int[] window) {
        double[] row = new double[extent.pixels()];
        for (int pixel : window) {
            if (pixel >= 0) {
                for (int e = pairs.begin(pixel); e < pairs.begin(pixel + 1); e++) {
                    row[e - pairs.origin(pixel)] += kernel[e];
                }
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
        for (int pixel = 0; pixel < pairs.pixels(); pixel++) {
            for (int e = pairs.begin(pixel); e < pairs.begin(pixel + 1); e++) {
                double otherVariance = otherQ[e - pairs.origin(pixel)];
                KernelPair after = dual.apply(new KernelPair(nngp[e], ntk[e]), q[pixel], otherVariance);
                nngp[e] = after.nngp();
                ntk[e] = after.ntk();
            }
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
            diagonal[pixel] = nngp[pairs.origin(pixel) + pixel];
        }
        return diagonal;
    }

    /** Mean of K and of T over the computed entries: flatten or gap; maths.md eq. 8 and 9. */
    KernelPair mean() {
        return new KernelPair(pairs.mean(nngp), pairs.mean(ntk));
    }
}

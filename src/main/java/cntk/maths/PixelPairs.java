package cntk.maths;

import cntk.arch.Extent;
import cntk.arch.PlaneDemand;

/**
 * The entries [i,j,i',j'] of a kernel between two images of H x W pixels that are computed, in a fixed order e. Pixels are
 * numbered i W + j. Entries with the same pixel of the first image follow each other, in the order of the other image's pixels:
 *
 * <pre>{@code
 * for (int pixel = 0; pixel < pairs.pixels(); pixel++)
 *     for (int e = pairs.begin(pixel); e < pairs.begin(pixel + 1); e++)
 *         // entry e is that of pixel and e - pairs.origin(pixel)
 * }</pre>
 */
sealed interface PixelPairs {
    /** Number of pixels of an image. */
    int pixels();

    /** The first entry of a pixel of the first image; for {@code pixels()} the number of all entries. */
    int begin(int pixel);

    /** What to add to a pixel of the second image for the entry of both, if that is computed. */
    int origin(int pixel);

    /** Mean of {@code kernel} over the entries. */
    double mean(double[] kernel);

    /** Number of entries. */
    default int count() {
        return begin(pixels());
    }

    /** The smaller of the two sets that holds what a network reads. */
    static PixelPairs of(PlaneDemand demand, Extent extent) {
        return demand.onlyEqualPixels() ? new EqualPixels(extent.pixels()) : new AllPixels(extent.pixels());
    }

    /** Entries with i = i', j = j' only: closed under convolution, enough for flatten and for variances; e = i W + j. */
    record EqualPixels(int pixels) implements PixelPairs {
        @Override
        public int begin(int pixel) {
            return pixel;
        }

        @Override
        public int origin(int pixel) {
            return 0;
        }

        @Override
        public double mean(double[] kernel) {
            double sum = 0;
            for (int e = 0; e < pixels; e++) {
                sum += kernel[e];
            }
            return sum / pixels;
        }
    }

    /** All entries; e = (i W + j) H W + (i' W + j'). */
    record AllPixels(int pixels) implements PixelPairs {
        @Override
        public int begin(int pixel) {
            return Math.multiplyExact(pixel, pixels);
        }

        @Override
        public int origin(int pixel) {
            return pixel * pixels;
        }

        @Override
        public double mean(double[] kernel) {
            double sum = 0;
            for (int pixel = 0; pixel < pixels; pixel++) {
                double rowSum = 0; // one sum a pixel: a single sum of a million terms would lose three digits
                for (int other = 0; other < pixels; other++) {
                    rowSum += kernel[pixel * pixels + other];
                }
                sum += rowSum;
            }
            return sum / pixels / pixels;
        }
    }
}

package cntk.maths;

import cntk.arch.Extent;
import cntk.arch.PlaneDemand;

/**
 * The entries [i,j,i',j'] of a kernel between two images of H x W pixels that are computed, in a fixed order e. Pixels are
 * numbered i W + j.
 */
sealed interface PixelPairs {
    /** Number of entries. */
    int count();

    /** Pixel (i,j) of the first image in entry e. */
    int pixel(int e);

    /** Pixel (i',j') of the second image in entry e. */
    int otherPixel(int e);

    /** The entry of two pixels, or -1 if it is not computed. */
    int entry(int pixel, int otherPixel);

    /** Mean of {@code kernel} over the entries. */
    double mean(double[] kernel);

    /** The smaller of the two sets that holds what a network reads. */
    static PixelPairs of(PlaneDemand demand, Extent extent) {
        return demand.onlyEqualPixels() ? new EqualPixels(extent.pixels()) : new AllPixels(extent.pixels());
    }

    /** Entries with i = i', j = j' only: closed under convolution, enough for flatten and for variances; e = i W + j. */
    record EqualPixels(int pixels) implements PixelPairs {
        @Override
        public int count() {
            return pixels;
        }

        @Override
        public int pixel(int e) {
            return e;
        }

        @Override
        public int otherPixel(int e) {
            return e;
        }

        @Override
        public int entry(int pixel, int otherPixel) {
            return pixel == otherPixel ? pixel : -1;
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
        public int count() {
            return Math.multiplyExact(pixels, pixels);
        }

        @Override
        public int pixel(int e) {
            return e / pixels;
        }

        @Override
        public int otherPixel(int e) {
            return e % pixels;
        }

        @Override
        public int entry(int pixel, int otherPixel) {
            return pixel * pixels + otherPixel;
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

package cntk.maths;

import cntk.arch.Layer;
import cntk.arch.PlaneDemand;
import cntk.dataset.ImageShape;

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

    /** {@code out[e]} = sum of {@code kernel} over the window of the convolution around entry e (maths.md eq. 3). */
    void windowSums(double[] kernel, Layer.Conv conv, double[] out);

    /** Mean of {@code kernel} over the entries. */
    double mean(double[] kernel);

    /** The smaller of the two sets that holds what a network reads. */
    static PixelPairs of(PlaneDemand demand, ImageShape shape) {
        return demand.onlyEqualPixels()
                ? new EqualPixels(shape.height(), shape.width())
                : new AllPixels(shape.height(), shape.width());
    }

    /** Row or column i of an image that has {@code size} of them, or -1 for what zero padding adds. */
    private static int padded(int i, int size, Layer.Conv conv) {
        return switch (conv.padding()) {
            case ZERO -> i >= 0 && i < size ? i : -1;
            case CIRCULAR -> Math.floorMod(i, size);
        };
    }

    /** Entries with i = i', j = j' only: closed under convolution, enough for flatten and for variances; e = i W + j. */
    record EqualPixels(int height, int width) implements PixelPairs {
        @Override
        public int count() {
            return height * width;
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
        public void windowSums(double[] kernel, Layer.Conv conv, double[] out) {
            for (int i = 0; i < height; i++) {
                for (int j = 0; j < width; j++) {
                    out[i * width + j] = windowSum(kernel, conv, i, j);
                }
            }
        }

        private double windowSum(double[] kernel, Layer.Conv conv, int i, int j) {
            double sum = 0;
            for (int u = -conv.radius(); u <= conv.radius(); u++) {
                for (int v = -conv.radius(); v <= conv.radius(); v++) {
                    int row = padded(i + u, height, conv);
                    int col = padded(j + v, width, conv);
                    if (row >= 0 && col >= 0) {
                        sum += kernel[row * width + col];
                    }
                }
            }
            return sum;
        }

        @Override
        public double mean(double[] kernel) {
            double sum = 0;
            for (int e = 0; e < count(); e++) {
                sum += kernel[e];
            }
            return sum / count();
        }
    }

    /** All entries; e = (i W + j) H W + (i' W + j'). */
    record AllPixels(int height, int width) implements PixelPairs {
        private int pixels() {
            return height * width;
        }

        @Override
        public int count() {
            return Math.multiplyExact(pixels(), pixels());
        }

        @Override
        public int pixel(int e) {
            return e / pixels();
        }

        @Override
        public int otherPixel(int e) {
            return e % pixels();
        }

        @Override
        public void windowSums(double[] kernel, Layer.Conv conv, double[] out) {
            int e = 0;
            for (int i = 0; i < height; i++) {
                for (int j = 0; j < width; j++) {
                    for (int otherI = 0; otherI < height; otherI++) {
                        for (int otherJ = 0; otherJ < width; otherJ++) {
                            out[e++] = windowSum(kernel, conv, i, j, otherI, otherJ);
                        }
                    }
                }
            }
        }

        private double windowSum(double[] kernel, Layer.Conv conv, int i, int j, int otherI, int otherJ) {
            double sum = 0;
            for (int u = -conv.radius(); u <= conv.radius(); u++) {
                int row = padded(i + u, height, conv);
                int otherRow = padded(otherI + u, height, conv);
                if (row < 0 || otherRow < 0) {
                    continue;
                }
                for (int v = -conv.radius(); v <= conv.radius(); v++) {
                    int col = padded(j + v, width, conv);
                    int otherCol = padded(otherJ + v, width, conv);
                    if (col >= 0 && otherCol >= 0) {
                        sum += kernel[((row * width + col) * height + otherRow) * width + otherCol];
                    }
                }
            }
            return sum;
        }

        @Override
        public double mean(double[] kernel) {
            double sum = 0;
            for (int pixel = 0; pixel < pixels(); pixel++) {
                double rowSum = 0; // one sum a pixel: a single sum of a million terms would lose three digits
                for (int other = 0; other < pixels(); other++) {
                    rowSum += kernel[pixel * pixels() + other];
                }
                sum += rowSum;
            }
            return sum / pixels() / pixels();
        }
    }
}

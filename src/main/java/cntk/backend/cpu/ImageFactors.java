package cntk.backend.cpu;

import cntk.plan.PlaneProgram;
import cntk.plan.PlaneStep;
import cntk.plan.Precision;
import java.util.Arrays;

/**
 * What the recursion needs of one image alone: the standard deviation of every pixel before every ReLU, and the sums of the image with
 * itself on plane (0,0). There every correlation is 1, so that S passes a ReLU unchanged and no angle is ever computed.
 *
 * <p>All in double, in the order of operations of {@link DoubleRows}: the variance of an image is bit for bit the covariance
 * that the planes find for two equal images.
 */
final class ImageFactors {
    /** Variances below are zero variance: float roots of it have no inverse product in range (maths.md eq. 7). */
    private static final double SMALLEST_F32 = 0x1p-120;

    private static final double SMALLEST_F64 = 0x1p-400;

    private final Cells[] deviations;
    private final double selfS;
    private final double selfTangent;
    private final int hash;

    private ImageFactors(Cells[] deviations, double selfS, double selfTangent, int hash) {
        this.deviations = deviations;
        this.selfS = selfS;
        this.selfTangent = selfTangent;
        this.hash = hash;
    }

    /** Bytes kept per image. */
    static long bytes(PlaneProgram program, Precision precision, int pixels) {
        return (long) program.relus() * pixels * precision.bytes();
    }

    /** Standard deviations L [i W + j] before ReLU number {@code relu}; 0 for zero variance. */
    Cells deviations(int relu) {
        return deviations[relu];
    }

    /** Sum of S over plane (0,0) of the image with itself. */
    double selfS() {
        return selfS;
    }

    /** Sum of T~ over plane (0,0) of the image with itself. */
    double selfTangent() {
        return selfTangent;
    }

    /** Of the pixel values: images with different hashes differ. */
    int hash() {
        return hash;
    }

    /**
     * @param values C H W preprocessed pixel values
     */
    static ImageFactors of(PlaneProgram program, Precision precision, int height, int width, double[] values) {
        Recursion recursion = new Recursion(program, height, width, values);
        Cells[] deviations = new Cells[program.relus()];
        int relu = 0;
        for (PlaneStep step : program.steps()) {
            switch (step) {
                case PlaneStep.Conv conv -> {
                    recursion.convolve(conv);
                    if (conv.relu()) {
                        deviations[relu++] = deviations(recursion.s, precision);
                    }
                }
                case PlaneStep.Relu() -> deviations[relu++] = deviations(recursion.s, precision);
                case PlaneStep.Scale(double factor) -> recursion.scale(factor);
            }
        }
        return new ImageFactors(
                deviations, recursion.total(recursion.s), recursion.total(recursion.t), Arrays.hashCode(values));
    }

    private static Cells deviations(double[] variance, Precision precision) {
        double smallest = precision == Precision.F32 ? SMALLEST_F32 : SMALLEST_F64;
        Cells deviations = Cells.of(precision, variance.length);
        for (int pixel = 0; pixel < variance.length; pixel++) {
            deviations.set(pixel, variance[pixel] < smallest ? 0 : Math.sqrt(variance[pixel]));
        }
        return deviations;
    }

    /** S and T~ of the image with itself at equal pixels. */
    private static final class Recursion {
        private final int height;
        private final int width;
        private double[] s;
        private double[] t;

        Recursion(PlaneProgram program, int height, int width, double[] values) {
            this.height = height;
            this.width = width;
            int pixels = height * width;
            this.s = new double[pixels];
            double scale = Math.scalb(1.0, program.inputExponent());
            for (int pixel = 0; pixel < pixels; pixel++) {
                for (int at = pixel; at < values.length; at += pixels) {
                    s[pixel] = Math.fma(scale * values[at], scale * values[at], s[pixel]);
                }
            }
            this.t = program.tangentAtInput() ? s.clone() : new double[pixels];
        }

        void scale(double factor) {
            for (int pixel = 0; pixel < s.length; pixel++) {
                s[pixel] *= factor;
                t[pixel] *= factor;
            }
        }

        /** T~ = T + S, where the trained layer adds its own covariance to T. */
        void convolve(PlaneStep.Conv conv) {
            double[] sums = windowSums(s, conv);
            double[] tangent = windowSums(t, conv);
            for (int pixel = 0; pixel < sums.length; pixel++) {
                double own = conv.train() ? conv.bias() : conv.first() ? 0 : -sums[pixel];
                sums[pixel] += conv.bias();
                tangent[pixel] = tangent[pixel] + own + sums[pixel];
            }
            s = sums;
            t = tangent;
        }

        /** Rows first, then columns; the middle, then outwards, as the rows of planes do it. */
        private double[] windowSums(double[] x, PlaneStep.Conv conv) {
            double[] vertical = x.clone();
            double[] out = new double[x.length];
            for (int u : WindowOrder.around(conv.radius())) {
                for (int i = 0; i < height; i++) {
                    int row = conv.circular() ? Math.floorMod(i + u, height) : i + u;
                    for (int j = 0; row >= 0 && row < height && j < width; j++) {
                        vertical[i * width + j] += x[row * width + j];
                    }
                }
            }
            System.arraycopy(vertical, 0, out, 0, out.length);
            for (int v : WindowOrder.around(conv.radius())) {
                for (int i = 0; i < height; i++) {
                    for (int j = 0; j < width; j++) {
                        int col = conv.circular() ? Math.floorMod(j + v, width) : j + v;
                        out[i * width + j] += col >= 0 && col < width ? vertical[i * width + col] : 0;
                    }
                }
            }
            return out;
        }

        double total(double[] x) {
            double sum = 0;
            for (int i = 0; i < height; i++) {
                double row = 0;
                for (int j = 0; j < width; j++) {
                    row += x[i * width + j];
                }
                sum += row;
            }
            return sum;
        }
    }
}

package cntk.backend.cpu;

import cntk.plan.PlaneProgram;
import cntk.plan.Precision;
import cntk.plan.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What the recursion needs of one image alone: the standard deviation of every pixel before every activation, and sums of the
 * image with itself, in double.
 */
final class ImageFactors {
    private final List<Cells> deviations;
    private final double selfS;
    private final double selfTangent;
    private final int hash;

    ImageFactors(List<Cells> deviations, double selfS, double selfTangent, int hash) {
        this.deviations = List.copyOf(deviations);
        this.selfS = selfS;
        this.selfTangent = selfTangent;
        this.hash = hash;
    }

    /** Bytes kept per image. */
    static long bytes(PlaneProgram program, Precision precision) {
        long bytes = 0;
        for (Segment segment : program.segments()) {
            bytes += (long) segment.activations() * segment.height() * segment.width() * precision.bytes();
        }
        return bytes;
    }

    /** Standard deviations L [i W + j] before activation number {@code activation}; 0 for zero variance. */
    Cells deviations(int activation) {
        return deviations.get(activation);
    }

    /**
     * Weighted sum of S of the image with itself: over plane (0,0) for programs of one segment, over all planes for others
     * ({@link SelfPairs}).
     */
    double selfS() {
        return selfS;
    }

    /** The same for T~. */
    double selfTangent() {
        return selfTangent;
    }

    /** Of the pixel values: images with different hashes differ. */
    int hash() {
        return hash;
    }

    /**
     * For programs of one segment, where variances stay on plane (0,0).
     *
     * @param values C H W preprocessed pixel values
     */
    static ImageFactors of(PlaneProgram program, Precision precision, double[] values) {
        Segment segment = program.segments().getFirst();
        TraceRecursion trace = new TraceRecursion(segment, new TraceRecursion.Source() {
            @Override
            public double[][] input() {
                return ImageFactors.input(program, values);
            }

            @Override
            public double[][] load(int tensor) {
                throw new IllegalStateException("one segment loads no tensor");
            }
        });
        List<Cells> deviations = new ArrayList<>();
        trace.run(segment.steps(), precision, deviations);
        return new ImageFactors(
                deviations,
                trace.totalS(program.readout()),
                trace.totalTangent(program.readout()),
                Arrays.hashCode(values));
    }

    /** {S, T~} of an image with itself at equal pixels, before the first step. */
    static double[][] input(PlaneProgram program, double[] values) {
        Segment segment = program.segments().getFirst();
        int pixels = segment.height() * segment.width();
        double[] s = new double[pixels];
        double scale = Math.scalb(1.0, program.inputExponent());
        for (int pixel = 0; pixel < pixels; pixel++) {
            for (int at = pixel; at < values.length; at += pixels) {
                s[pixel] = Math.fma(scale * values[at], scale * values[at], s[pixel]);
            }
        }
        return new double[][] {s, program.tangentAtInput() ? s.clone() : new double[pixels]};
    }
}

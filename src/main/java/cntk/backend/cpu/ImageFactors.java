package cntk.backend.cpu;

import cntk.plan.PlaneProgram;
import cntk.plan.PlaneStep;
import cntk.plan.Precision;
import cntk.plan.ReadoutWeights;
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
    private final double[][] selfSums;
    private final int hash;

    /** @param selfSums [readout][S, T~]; kept, not copied */
    ImageFactors(List<Cells> deviations, double[][] selfSums, int hash) {
        this.deviations = List.copyOf(deviations);
        this.selfSums = selfSums;
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

    /** Standard deviations L, or variances ({@link ActivationFactors}), [i W + j] before activation number {@code activation}; 0 for zero variance. */
    Cells deviations(int activation) {
        return deviations.get(activation);
    }

    /**
     * Weighted sums of S and T~ of the image with itself [readout][S, T~]: over plane (0,0) for those of the first segment, over all
     * planes for those behind a meeting of planes ({@link SelfPairs}).
     */
    double[][] selfSums() {
        return selfSums;
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
        double[][] sums = new double[program.readouts().size()][2];
        TraceRecursion trace = new TraceRecursion(segment, new TraceRecursion.Source() {
            @Override
            public double[][] input() {
                return ImageFactors.input(program, values);
            }

            @Override
            public double[][] load(int tensor) {
                throw new IllegalStateException("one segment loads no tensor");
            }

            @Override
            public void read(PlaneStep.Read step, TraceRecursion at) {
                readTrace(program, step, at, sums);
            }
        });
        List<Cells> deviations = new ArrayList<>();
        trace.run(segment.steps(), precision, deviations);
        return new ImageFactors(deviations, sums, Arrays.hashCode(values));
    }

    /** Takes the sums over plane (0,0) where planes have not met yet: of the readouts of the first segment. */
    static void readTrace(PlaneProgram program, PlaneStep.Read step, TraceRecursion at, double[][] sums) {
        for (int readout = step.begin(); readout < step.end(); readout++) {
            ReadoutWeights weights = program.readouts().get(readout).weights();
            sums[readout][0] = at.totalS(weights);
            sums[readout][1] = at.totalTangent(weights);
        }
    }

    /**
     * Those of the mirrored image, left and right exchanged; for networks that do not tell the two apart.
     *
     * @param mirrored values of the mirrored image
     */
    ImageFactors mirrored(PlaneProgram program, Precision precision, double[] mirrored) {
        List<Cells> reversed = new ArrayList<>();
        for (int activation = 0; activation < deviations.size(); activation++) {
            Segment segment = program.segmentOf(activation);
            Cells from = deviations.get(activation);
            Cells to = Cells.of(precision, from.length());
            for (int pixel = 0; pixel < segment.height() * segment.width(); pixel++) {
                int j = pixel % segment.width();
                to.set(pixel - j + segment.width() - 1 - j, from.get(pixel));
            }
            reversed.add(to);
        }
        return new ImageFactors(reversed, selfSums, Arrays.hashCode(mirrored));
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

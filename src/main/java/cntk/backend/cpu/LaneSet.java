package cntk.backend.cpu;

import cntk.backend.PairSink;
import cntk.backend.cpu.LaneTables.Lanes;
import cntk.dataset.FlippedImages;
import cntk.dataset.ImageShape;
import cntk.plan.PlaneProgram;
import cntk.plan.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Images {@code begin..end} of a set, or their mirror images, as the lanes read them.
 *
 * @param values of each, C H W
 */
record LaneSet(int begin, int end, List<double[]> values, List<ImageFactors> factors, LaneTables tables) {
    /** @param mirrored whether the images are mirrored, left and right exchanged */
    static LaneSet of(
            PlaneProgram program,
            Precision precision,
            Lanes kind,
            FactorCache images,
            int begin,
            int end,
            boolean mirrored) {
        List<double[]> values = new ArrayList<>();
        List<ImageFactors> factors = new ArrayList<>();
        for (int b = begin; b < end; b++) {
            double[] own = images.values(b);
            ImageFactors ownFactors = images.factors(b, own);
            if (mirrored) {
                FlippedImages.flip(own, images.images().shape());
                ownFactors = ownFactors.mirrored(program, precision, own);
            }
            values.add(own);
            factors.add(ownFactors);
        }
        return new LaneSet(begin, end, values, factors, tables(program, precision, kind, factors, values));
    }

    /** One image alone, of no set. */
    static LaneSet alone(
            PlaneProgram program,
            Precision precision,
            Lanes kind,
            ImageFactors factors,
            double[] values,
            ImageShape shape,
            boolean mirrored) {
        double[] own = values.clone();
        ImageFactors ownFactors = factors;
        if (mirrored) {
            FlippedImages.flip(own, shape);
            ownFactors = factors.mirrored(program, precision, own);
        }
        List<ImageFactors> one = List.of(ownFactors);
        List<double[]> ownValues = List.of(own);
        return new LaneSet(0, 1, ownValues, one, tables(program, precision, kind, one, ownValues));
    }

    private static LaneTables tables(
            PlaneProgram program, Precision precision, Lanes kind, List<ImageFactors> factors, List<double[]> values) {
        return switch (kind) {
            case DISPLACEMENTS -> LaneTables.ofDisplacements(program, precision, factors.getFirst(), values.getFirst());
            case IMAGES -> LaneTables.ofImages(program, precision, factors, values);
        };
    }

    boolean anyWanted(int a, PairSink sink) {
        for (int b = begin; b < end; b++) {
            if (sink.wants(a, b)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Bit set of the lanes whose image is image a, pixel for pixel.
     *
     * @param valuesOfA read when hashes agree
     */
    long same(ImageFactors a, java.util.function.Supplier<double[]> valuesOfA) {
        long same = 0;
        for (int lane = 0; lane < factors.size(); lane++) {
            boolean equal = factors.get(lane).hash() == a.hash() && Arrays.equals(valuesOfA.get(), values.get(lane));
            same |= equal ? (1L << lane) : 0;
        }
        return same;
    }
}

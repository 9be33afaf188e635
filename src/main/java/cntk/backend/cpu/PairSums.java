package cntk.backend.cpu;

import cntk.arch.Network;
import cntk.backend.cpu.LaneTables.Lanes;
import cntk.plan.PlaneProgram;
import cntk.plan.Precision;
import java.util.Arrays;

/**
 * Sums of S and T~ over all planes that a network reads, for one image a and the images b of one set of lanes. Sums across
 * planes are double, in the order of the displacements (di, dj), whichever way the lanes are used.
 */
final class PairSums {
    /** Idle lanes that are still cheaper than interleaved tables, which are read from farther away. */
    private static final double MOST_IDLE = 1.2;

    private final int height;
    private final int width;
    private final int lanes;
    private final int rowPlanes;
    private final int colPlanes;
    private final Precision precision;
    private final PlaneSweep sweep;
    private final double[] totals;

    PairSums(Network network, PlaneProgram program, Precision precision) {
        this.height = network.input().height();
        this.width = network.input().width();
        this.lanes = PlaneRows.lanes(precision);
        boolean trace = network.planes().onlyEqualPixels();
        this.rowPlanes = trace ? 1 : height;
        this.colPlanes = trace ? 1 : width;
        this.precision = precision;
        this.sweep = new PlaneSweep(program, precision, height, width);
        this.totals = new double[2 * lanes];
    }

    /** What the lanes stand for: a choice by the shape of the network alone. */
    static Lanes lanes(Network network, Precision precision) {
        int width = network.input().width();
        int lanes = PlaneRows.lanes(precision);
        boolean full = (double) Math.ceilDiv(width, lanes) * lanes <= MOST_IDLE * width;
        return !network.planes().onlyEqualPixels() && full ? Lanes.DISPLACEMENTS : Lanes.IMAGES;
    }

    /**
     * @param same bit set of the lanes whose image b is image a: plane (0,0) has correlation 1 throughout, and in float the
     *     exact sums replace the computed ones (acos near 1 loses half the digits)
     * @param sums filled with [lane][S, T~]; one lane where lanes are displacements
     */
    void compute(ImageTables image, LaneTables tables, long same, double[] sums) {
        Arrays.fill(sums, 0);
        for (int di = 0; di < rowPlanes; di++) {
            if (tables.kind() == Lanes.DISPLACEMENTS) {
                for (int dj = 0; dj < colPlanes; dj += lanes) {
                    sweep.run(image, tables, di, dj, totals);
                    replaceSelf(image, di == 0 && dj == 0 ? same : 0);
                    for (int lane = 0; lane < Math.min(lanes, colPlanes - dj); lane++) {
                        sums[0] += totals[lane];
                        sums[1] += totals[lanes + lane];
                    }
                }
            } else {
                for (int dj = 0; dj < colPlanes; dj++) {
                    sweep.run(image, tables, di, dj, totals);
                    replaceSelf(image, di == 0 && dj == 0 ? same : 0);
                    for (int lane = 0; lane < lanes; lane++) {
                        sums[2 * lane] += totals[lane];
                        sums[2 * lane + 1] += totals[lanes + lane];
                    }
                }
            }
        }
    }

    private void replaceSelf(ImageTables image, long same) {
        for (int lane = 0; same != 0 && precision == Precision.F32 && lane < lanes; lane++) {
            if (((same >> lane) & 1) != 0) {
                totals[lane] = image.image().selfS();
                totals[lanes + lane] = image.image().selfTangent();
            }
        }
    }
}

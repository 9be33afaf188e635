package cntk.backend.cpu;

import cntk.arch.Network;
import cntk.backend.cpu.LaneTables.Lanes;
import cntk.plan.PlaneProgram;
import cntk.plan.PlaneStep;
import cntk.plan.Precision;
import java.util.Arrays;

/**
 * Sums of S and T~ over all planes that a network reads, for a group of images a and the images b of one set of lanes. Sums
 * across planes are double, in the order of the displacements (di, dj), whichever way the lanes are used.
 *
 * <p>Interleaved tables of 16 images take 128 KB a layer at 32x32 and come from far away (21 layers: 2.6 MB), so the images
 * of a group go through them layer by layer, together.
 */
final class PairSums {
    /** Idle lanes that are still cheaper than interleaved tables. */
    private static final double MOST_IDLE = 1.2;

    /** Planes and tables of one layer should stay in an L2 cache of 1 MB. */
    private static final int GROUP_BYTES = 600 << 10;

    private static final int LARGEST_GROUP = 2;

    private final PlaneProgram program;
    private final int width;
    private final int lanes;
    private final int rowPlanes;
    private final int colPlanes;
    private final Precision precision;
    private final PlaneSweep[] sweeps;
    private final double[] totals;

    PairSums(Network network, PlaneProgram program, Precision precision) {
        int height = network.input().height();
        this.program = program;
        this.width = network.input().width();
        this.lanes = PlaneRows.lanes(precision);
        boolean trace = network.planes().onlyEqualPixels();
        this.rowPlanes = trace ? 1 : height;
        this.colPlanes = trace ? 1 : width;
        this.precision = precision;
        SeamLinks seams = new SeamLinks(precision, width, program.radius());
        this.sweeps = new PlaneSweep[lanes(network, precision) == Lanes.DISPLACEMENTS ? 1 : group(network, precision)];
        Arrays.setAll(sweeps, _ -> new PlaneSweep(program, precision, height, width, seams));
        this.totals = new double[2 * lanes];
    }

    /** What the lanes stand for: a choice by the shape of the network alone. */
    static Lanes lanes(Network network, Precision precision) {
        int width = network.input().width();
        int lanes = PlaneRows.lanes(precision);
        boolean full = (double) Math.ceilDiv(width, lanes) * lanes <= MOST_IDLE * width;
        return !network.planes().onlyEqualPixels() && full ? Lanes.DISPLACEMENTS : Lanes.IMAGES;
    }

    private static int group(Network network, Precision precision) {
        int bytes = 2 * network.input().pixels() * PlaneRows.lanes(precision) * precision.bytes();
        return Math.clamp(GROUP_BYTES / bytes, 1, LARGEST_GROUP);
    }

    /** Images a that {@link #compute} takes at once. */
    int group() {
        return sweeps.length;
    }

    /**
     * Computes the pairs of a group.
     *
     * @param count of the images a in the group, at most {@link #group}
     */
    void compute(Job[] jobs, int count, LaneTables tables) {
        for (int k = 0; k < count; k++) {
            Arrays.fill(jobs[k].sums, 0);
        }
        boolean displacements = tables.kind() == Lanes.DISPLACEMENTS;
        for (int di = 0; di < rowPlanes; di++) {
            for (int dj = 0; dj < colPlanes; dj += displacements ? lanes : 1) {
                sweep(jobs, count, tables, di, dj);
                for (int k = 0; k < count; k++) {
                    sweeps[k].finish(totals);
                    if (di == 0 && dj == 0) {
                        replaceSelf(jobs[k]);
                    }
                    if (displacements) {
                        addDisplacements(jobs[k].sums, Math.min(lanes, colPlanes - dj));
                    } else {
                        addImages(jobs[k].sums);
                    }
                }
            }
        }
    }

    private void sweep(Job[] jobs, int count, LaneTables tables, int di, int dj) {
        for (int k = 0; k < count; k++) {
            sweeps[k].start(jobs[k].image, tables, di, dj);
        }
        for (PlaneStep step : program.steps()) {
            for (int k = 0; k < count; k++) {
                sweeps[k].step(step);
            }
        }
    }

    private void addDisplacements(double[] sums, int displacements) {
        for (int lane = 0; lane < displacements; lane++) {
            sums[0] += totals[lane];
            sums[1] += totals[lanes + lane];
        }
    }

    private void addImages(double[] sums) {
        for (int lane = 0; lane < lanes; lane++) {
            sums[2 * lane] += totals[lane];
            sums[2 * lane + 1] += totals[lanes + lane];
        }
    }

    /** In float the computed plane (0,0) of an image with itself is off: acos near 1 loses half the digits. */
    private void replaceSelf(Job job) {
        for (int lane = 0; job.same != 0 && precision == Precision.F32 && lane < lanes; lane++) {
            if (((job.same >> lane) & 1) != 0) {
                totals[lane] = job.image.image().selfS();
                totals[lanes + lane] = job.image.image().selfTangent();
            }
        }
    }

    /** One image a of a group: what to compute and what came out. */
    static final class Job {
        ImageTables image;

        /** Bit set of the lanes whose image b is image a: on plane (0,0) their correlation is 1 throughout. */
        long same;

        /** [lane][S, T~]; lane 0 alone where lanes are displacements. */
        final double[] sums;

        @SuppressWarnings("NullAway.Init") // the image comes with the pair
        Job(int lanes) {
            this.sums = new double[2 * lanes];
        }
    }
}

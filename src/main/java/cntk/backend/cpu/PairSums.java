package cntk.backend.cpu;

import cntk.backend.cpu.LaneTables.Lanes;
import cntk.plan.PlaneProgram;
import cntk.plan.PlaneStep;
import cntk.plan.Precision;
import cntk.plan.Segment;
import java.util.Arrays;
import java.util.List;

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

    /** Planes of a group and tables of one layer stay in an L2 cache of 1 MB. */
    private static final int LARGEST_GROUP = 2;

    /** Of planes that do not fit the cache only a few rows of every layer are there. */
    private static final int WAVE_GROUP = 8;

    private final PlaneProgram program;
    private final int lanes;
    private final Precision precision;
    private final PlaneSweep[][] sweeps; // [segment][image of the group]
    private final PlaneTensor[] tensors;
    private final PlaneReader reader;

    PairSums(PlaneProgram program, Precision precision) {
        this.program = program;
        this.lanes = PlaneRows.lanes(precision);
        this.precision = precision;
        int group = group(program, precision);
        this.sweeps = new PlaneSweep[program.segments().size()][group];
        this.tensors = PlaneTensor.of(program, precision, lanes(program, precision));
        for (int index = 0; index < sweeps.length; index++) {
            Segment segment = program.segments().get(index);
            SeamLinks seams = new SeamLinks(precision, segment.width(), segment.radius());
            Arrays.setAll(
                    sweeps[index], _ -> new PlaneSweep(segment, program.tangentAtInput(), precision, seams, tensors));
        }
        this.reader = PlaneReader.of(program, precision);
    }

    /** What the lanes stand for: a choice by the program alone. */
    static Lanes lanes(PlaneProgram program, Precision precision) {
        int lanes = PlaneRows.lanes(precision);
        double displacements = 0; // entries to compute per pair, idle lanes included
        double images = 0;
        for (Segment segment : program.segments()) {
            double layers = (double) segment.steps().size() * segment.height() * segment.width();
            displacements += layers * segment.rowPlanes() * segment.colGroups(lanes) * lanes;
            images += layers * segment.planes();
        }
        boolean displaced = program.segments().stream().anyMatch(segment -> segment.planes() > 1);
        return displaced && displacements <= MOST_IDLE * images ? Lanes.DISPLACEMENTS : Lanes.IMAGES;
    }

    /** Groups share tables that are read from far away; planes that meet are one image's alone. */
    private static int group(PlaneProgram program, Precision precision) {
        if (program.segments().size() > 1 || lanes(program, precision) == Lanes.DISPLACEMENTS) {
            return 1;
        }
        Segment segment = program.segments().getFirst();
        int bytes = 2 * segment.height() * segment.width() * PlaneRows.lanes(precision) * precision.bytes();
        return bytes > PlaneSweep.LARGEST_CACHED ? WAVE_GROUP : LARGEST_GROUP;
    }

    /** Images a that {@link #compute} takes at once. */
    int group() {
        return sweeps[0].length;
    }

    /**
     * Computes the pairs of a group.
     *
     * @param count of the images a in the group, at most {@link #group}
     */
    void compute(Job[] jobs, int count, LaneTables tables) {
        for (int k = 0; k < count; k++) {
            jobs[k].clear();
        }
        for (PlaneTensor tensor : tensors) {
            tensor.clear();
        }
        for (int index = 0; index < sweeps.length; index++) {
            segment(index, jobs, count, tables);
        }
        for (int readout = 0; readout < program.readouts().size(); readout++) {
            for (int k = 0; !beforePlanesMeet(readout) && k < count; k++) {
                replaceSelf(jobs[k], readout);
            }
        }
    }

    private void segment(int index, Job[] jobs, int count, LaneTables tables) {
        Segment segment = program.segments().get(index);
        int stride = tables.kind() == Lanes.DISPLACEMENTS ? lanes : 1;
        for (int di = 0; di < segment.height(); di++) {
            for (int dj = 0; segment.rows()[di] && dj < segment.width(); dj += stride) {
                if (segment.anyCol(dj, stride)) {
                    sweep(index, jobs, count, tables, di, dj);
                }
            }
        }
    }

    private void sweep(int index, Job[] jobs, int count, LaneTables tables, int di, int dj) {
        for (int k = 0; k < count; k++) {
            sweeps[index][k].start(jobs[k].image, tables, di, dj);
        }
        List<PlaneStep> steps = program.segments().get(index).steps();
        int step = 0;
        while (step < steps.size()) {
            int layers = sweeps[index][0].waveAt(step);
            if (steps.get(step) instanceof PlaneStep.Read read) {
                for (int k = 0; k < count; k++) {
                    readOut(read, sweeps[index][k], jobs[k], tables.kind(), di, dj);
                }
                step++;
            } else if (layers > 1) {
                wave(index, step, layers, count);
                step += layers;
            } else {
                for (int k = 0; k < count; k++) {
                    sweeps[index][k].step(steps.get(step));
                }
                step++;
            }
        }
    }

    /** Layers that run together, so that a row is read again while it is in the cache; tables serve the whole group. */
    private void wave(int index, int step, int layers, int count) {
        for (int k = 0; k < count; k++) {
            sweeps[index][k].startWave(step, layers);
        }
        int rows = program.segments().get(index).height() + layers - 1;
        for (int begin = 0; begin < rows; begin += PlaneSweep.WAVE_ROWS) {
            for (int k = 0; k < count; k++) {
                sweeps[index][k].ripple(begin, layers);
            }
        }
    }

    private void readOut(PlaneStep.Read read, PlaneSweep sweep, Job job, Lanes kind, int di, int dj) {
        boolean trace = di == 0 && dj == 0 && beforePlanesMeet(read.begin());
        if (kind == Lanes.IMAGES) {
            reader.read(read, sweep, di, dj, (readout, totals) -> {
                if (trace) {
                    replaceSelf(job, readout, totals);
                }
                job.addLanes(readout, totals);
            });
        } else {
            reader.readLanes(read, sweep, di, dj, (readout, totals) -> {
                if (trace) {
                    replaceSelf(job, readout, totals);
                }
                int planes = Math.min(lanes, sweep.width() - dj);
                for (int lane = 0; lane < planes; lane++) {
                    if (reader.reads(readout, di, dj + lane)) {
                        job.addLane(readout, totals, lane);
                    }
                }
            });
        }
    }

    /** The same for all readouts of a step. */
    private boolean beforePlanesMeet(int readout) {
        return program.readouts().get(readout).beforePlanesMeet();
    }

    /**
     * Puts the sums that came with the factors in place of computed ones where image b is image a. In float the computed plane
     * (0,0) is off: acos near 1 loses half the digits.
     */
    private void replaceSelf(Job job, int readout, DoubleCells totals) {
        double[] self = job.image.image().selfSums()[readout];
        for (int lane = 0; job.same != 0 && precision == Precision.F32 && lane < lanes; lane++) {
            if (((job.same >> lane) & 1) != 0) {
                totals.set(lane, self[0]);
                totals.set(lanes + lane, self[1]);
            }
        }
    }

    /** The same where planes have met: the sums of the whole pair came in double. */
    private void replaceSelf(Job job, int readout) {
        double[] self = job.image.image().selfSums()[readout];
        for (int lane = 0; job.same != 0 && precision == Precision.F32 && lane < lanes; lane++) {
            if (((job.same >> lane) & 1) != 0) {
                System.arraycopy(self, 0, job.sums[readout], 2 * lane, 2);
            }
        }
    }

    /** One image a of a group: what to compute and what came out. */
    static final class Job {
        ImageTables image;

        /** Bit set of the lanes whose image b is image a: on plane (0,0) their correlation is 1 throughout. */
        long same;

        /** [readout][lane][S, T~]; lane 0 alone where lanes are displacements. */
        final double[][] sums;

        @SuppressWarnings("NullAway.Init") // the image comes with the pair
        Job(int readouts, int lanes) {
            this.sums = new double[readouts][2 * lanes];
        }

        private void clear() {
            for (double[] sum : sums) {
                Arrays.fill(sum, 0);
            }
        }

        /** Adds the totals of every lane to its own sums. */
        private void addLanes(int readout, DoubleCells totals) {
            double[] sum = sums[readout];
            int lanes = totals.length() / 2;
            for (int lane = 0; lane < lanes; lane++) {
                sum[2 * lane] += totals.get(lane);
                sum[2 * lane + 1] += totals.get(lanes + lane);
            }
        }

        /** Adds the totals of one lane to the sums of the only pair. */
        private void addLane(int readout, DoubleCells totals, int lane) {
            sums[readout][0] += totals.get(lane);
            sums[readout][1] += totals.get(totals.length() / 2 + lane);
        }
    }
}

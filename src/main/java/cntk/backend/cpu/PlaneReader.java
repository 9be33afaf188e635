package cntk.backend.cpu;

import cntk.plan.PlaneProgram;
import cntk.plan.PlaneReadout;
import cntk.plan.PlaneStep;
import cntk.plan.Precision;
import cntk.plan.ReadoutWeights;
import cntk.plan.Segment;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Sums of S and T~ over the planes that readouts read, in double: float over a row, double over rows and planes, in a fixed order. One
 * thread at a time.
 */
final class PlaneReader {
    private static final int FOUR = 4;

    private final Reading[] readings;
    private final Precision precision;
    private final int lanes;
    private final @Nullable Cells[][] laneWeightsOf; // [readout][group of displacements]
    private final Cells[] laneWeights; // of the batch
    private final double[][] totals; // [place in the batch][S of every lane, T~ of every lane]
    private final double[][] columnWeights;
    private final double[] rowWeights;
    private final int[] batch; // readouts of it
    private int waiting;

    /** A readout and the displacements it reads. */
    private record Reading(ReadoutWeights weights, boolean plain, boolean[] rows, boolean[] cols) {
        static Reading of(PlaneReadout readout) {
            ReadoutWeights weights = readout.weights();
            return new Reading(weights, weights.plain(), weights.rowDisplacements(), weights.colDisplacements());
        }

        boolean readsAny(int di, int dj, int count) {
            for (int d = dj; rows[di] && d < Math.min(cols.length, dj + count); d++) {
                if (cols[d]) {
                    return true;
                }
            }
            return false;
        }

        boolean reads(int di, int dj) {
            return rows[di] && cols[dj];
        }
    }

    /** Takes the sums of one plane (lane = image) or of neighbouring ones (lane = displacement). */
    @FunctionalInterface
    interface Sink {
        /** Takes the totals of a readout: S of every lane and then T~ of every lane. */
        void add(int readout, double[] totals);
    }

    private PlaneReader(List<PlaneReadout> readouts, Precision precision, int widest) {
        this.readings = readouts.stream().map(Reading::of).toArray(Reading[]::new);
        this.precision = precision;
        this.lanes = PlaneRows.lanes(precision);
        this.laneWeightsOf = new Cells[readings.length][Math.ceilDiv(widest, lanes)];
        this.laneWeights = new Cells[FOUR];
        this.totals = new double[FOUR][2 * lanes];
        this.columnWeights = new double[FOUR][widest];
        this.rowWeights = new double[FOUR];
        this.batch = new int[FOUR];
    }

    static PlaneReader of(PlaneProgram program, Precision precision) {
        int widest = program.segments().stream().mapToInt(Segment::width).max().orElseThrow();
        return new PlaneReader(program.readouts(), precision, widest);
    }

    /** Whether a readout reads the planes of a displacement. */
    boolean reads(int readout, int di, int dj) {
        return readings[readout].reads(di, dj);
    }

    /** Reads neighbouring planes (di, dj..dj + lanes - 1), lane = displacement, for the readouts that want any of them. */
    void readLanes(PlaneStep.Read read, PlaneSweep sweep, int di, int dj, Sink sink) {
        boolean summed = false;
        for (int readout = read.begin(); readout < read.end(); readout++) {
            Reading reading = readings[readout];
            if (reading.readsAny(di, dj, lanes) && reading.plain()) {
                if (!summed) {
                    plainTotals(sweep);
                    summed = true;
                }
                sink.add(readout, totals[0]);
            }
        }
        for (int readout = read.begin(); readout < read.end(); readout++) {
            Reading reading = readings[readout];
            if (reading.readsAny(di, dj, lanes) && !reading.plain()) {
                batch[waiting++] = readout;
                if (waiting == FOUR) {
                    flushLanes(sweep, di, dj, sink);
                }
            }
        }
        if (waiting > 0) {
            flushLanes(sweep, di, dj, sink);
        }
    }

    private void flushLanes(PlaneSweep sweep, int di, int dj, Sink sink) {
        for (int place = 0; place < FOUR; place++) {
            Arrays.fill(totals[place], 0);
            laneWeights[place] = laneWeights(batch[Math.min(place, waiting - 1)], dj);
        }
        for (int i = 0; i < sweep.height(); i++) {
            if (rowWeights(i, i < di ? i - di + sweep.height() : i - di)) {
                sweep.rows().addLaneWeighted(sweep.slot(i), laneWeights, rowWeights, waiting, totals);
            }
        }
        for (int place = 0; place < waiting; place++) {
            sink.add(batch[place], totals[place]);
        }
        waiting = 0;
    }

    /** Weights of neighbouring planes from displacement dj on: [j][lane], 0 past the last displacement. Kept. */
    private Cells laneWeights(int readout, int dj) {
        Cells known = laneWeightsOf[readout][dj / lanes];
        if (known == null) {
            double[][] cols = readings[readout].weights().cols();
            known = Cells.of(precision, cols.length * lanes);
            for (int j = 0; j < cols.length; j++) {
                for (int lane = 0; lane < lanes && dj + lane < cols.length; lane++) {
                    known.set(j * lanes + lane, cols[j][Math.floorMod(j - dj - lane, cols.length)]);
                }
            }
            laneWeightsOf[readout][dj / lanes] = known;
        }
        return known;
    }

    /** Reads planes of one displacement for the readouts that want them. */
    void read(PlaneStep.Read read, PlaneSweep sweep, int di, int dj, Sink sink) {
        boolean summed = false;
        for (int readout = read.begin(); readout < read.end(); readout++) {
            if (readings[readout].plain() && reads(readout, di, dj)) {
                if (!summed) {
                    plainTotals(sweep);
                    summed = true;
                }
                sink.add(readout, totals[0]);
            }
        }
        for (int readout = read.begin(); readout < read.end(); readout++) {
            if (!readings[readout].plain() && reads(readout, di, dj)) {
                batch[waiting++] = readout;
                if (waiting == FOUR) {
                    flush(sweep, di, dj, sink);
                }
            }
        }
        if (waiting > 0) {
            flush(sweep, di, dj, sink);
        }
    }

    private void plainTotals(PlaneSweep sweep) {
        Arrays.fill(totals[0], 0);
        for (int i = 0; i < sweep.height(); i++) {
            sweep.rows().addTotals(sweep.slot(i), totals[0]);
        }
    }

    /** Readouts one by one or four at a time, to the same bits. */
    private void flush(PlaneSweep sweep, int di, int dj, Sink sink) {
        for (int place = 0; place < FOUR; place++) {
            Arrays.fill(totals[place], 0);
            double[] weights = columnWeights[place];
            Arrays.fill(weights, 0);
            if (place < waiting) {
                double[][] cols = readings[batch[place]].weights().cols();
                for (int j = 0; j < cols.length; j++) {
                    weights[j] = cols[j][Math.floorMod(j - dj, cols.length)];
                }
            }
        }
        for (int i = 0; i < sweep.height(); i++) {
            if (rowWeights(i, i < di ? i - di + sweep.height() : i - di)) {
                readRow(sweep, i);
            }
        }
        for (int place = 0; place < waiting; place++) {
            sink.add(batch[place], totals[place]);
        }
        waiting = 0;
    }

    /** Those of row i and the row of b that meets it; false if all are 0. */
    private boolean rowWeights(int i, int partner) {
        boolean any = false;
        for (int place = 0; place < FOUR; place++) {
            rowWeights[place] =
                    place < waiting ? readings[batch[place]].weights().rows()[i][partner] : 0;
            any |= rowWeights[place] != 0;
        }
        return any;
    }

    private void readRow(PlaneSweep sweep, int i) {
        if (waiting == 1) {
            sweep.rows().addWeighted(sweep.slot(i), rowWeights[0], columnWeights[0], totals[0]);
        } else {
            sweep.rows().addFourWeighted(sweep.slot(i), columnWeights, rowWeights, totals);
        }
    }
}

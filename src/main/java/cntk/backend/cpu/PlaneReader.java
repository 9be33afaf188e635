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
    private final DoubleCells plainTotals;
    private final Four[] fours;
    private int waiting; // readouts in the fours

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
        void add(int readout, DoubleCells totals);
    }

    private PlaneReader(List<PlaneReadout> readouts, Precision precision, int widest) {
        this.readings = readouts.stream().map(Reading::of).toArray(Reading[]::new);
        this.precision = precision;
        this.lanes = PlaneRows.lanes(precision);
        this.laneWeightsOf = new Cells[readings.length][Math.ceilDiv(widest, lanes)];
        this.plainTotals = new DoubleCells(2 * lanes);
        this.fours = new Four[Math.ceilDiv(readings.length, FOUR)];
        Arrays.setAll(fours, _ -> new Four(lanes, widest));
    }

    /** Up to four readouts that a row is read for at once, their sums in registers; a place that is not taken has the weight 0. */
    private static final class Four {
        private final int[] readouts = new int[FOUR];
        private final DoubleCells[] totals = new DoubleCells[FOUR]; // S of every lane, then T~ of every lane
        private final double[][] columnWeights;
        private final Cells[] laneWeights = new Cells[FOUR];
        private final double[] rowWeights = new double[FOUR];
        private int count;

        Four(int lanes, int widest) {
            Arrays.setAll(totals, _ -> new DoubleCells(2 * lanes));
            this.columnWeights = new double[FOUR][widest];
        }
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
        read(read, sweep, di, dj, lanes, sink);
    }

    /** Reads planes of one displacement for the readouts that want them. */
    void read(PlaneStep.Read read, PlaneSweep sweep, int di, int dj, Sink sink) {
        read(read, sweep, di, dj, 1, sink);
    }

    /** A row is read for all readouts while it is in the cache. */
    private void read(PlaneStep.Read read, PlaneSweep sweep, int di, int dj, int displacements, Sink sink) {
        boolean summed = false;
        waiting = 0;
        for (int readout = read.begin(); readout < read.end(); readout++) {
            Reading reading = readings[readout];
            if (reading.readsAny(di, dj, displacements) && reading.plain()) {
                if (!summed) {
                    plainTotals(sweep);
                    summed = true;
                }
                sink.add(readout, plainTotals);
            } else if (reading.readsAny(di, dj, displacements)) {
                take(readout, dj, displacements > 1);
            }
        }
        if (waiting == 0) {
            return;
        }
        for (int i = 0; i < sweep.height(); i++) {
            int partner = i < di ? i - di + sweep.height() : i - di;
            for (int four = 0; four < Math.ceilDiv(waiting, FOUR); four++) {
                readRow(fours[four], sweep, i, partner, displacements > 1);
            }
        }
        for (int place = 0; place < waiting; place++) {
            Four four = fours[place / FOUR];
            sink.add(four.readouts[place % FOUR], four.totals[place % FOUR]);
        }
    }

    private void plainTotals(PlaneSweep sweep) {
        plainTotals.zero(0, 2 * lanes);
        for (int i = 0; i < sweep.height(); i++) {
            sweep.rows().addTotals(sweep.slot(i), plainTotals);
        }
    }

    /** Puts a readout into the next place; places behind it that stay empty count with weights of 0. */
    private void take(int readout, int dj, boolean perLane) {
        Four four = fours[waiting / FOUR];
        int place = waiting % FOUR;
        four.readouts[place] = readout;
        four.count = place + 1;
        four.totals[place].zero(0, 2 * lanes);
        if (perLane) {
            Arrays.fill(four.laneWeights, place, FOUR, laneWeights(readout, dj));
        } else {
            double[][] cols = readings[readout].weights().cols();
            for (int j = 0; j < cols.length; j++) {
                four.columnWeights[place][j] = cols[j][Math.floorMod(j - dj, cols.length)];
            }
        }
        waiting++;
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

    private void readRow(Four four, PlaneSweep sweep, int i, int partner, boolean perLane) {
        boolean any = false;
        for (int place = 0; place < FOUR; place++) {
            double weight = place < four.count
                    ? readings[four.readouts[place]].weights().rows()[i][partner]
                    : 0;
            four.rowWeights[place] = weight;
            any |= weight != 0;
        }
        if (!any) {
            return;
        }
        int row = sweep.slot(i);
        if (perLane) {
            sweep.rows().addLaneWeighted(row, four.laneWeights, four.rowWeights, four.count, four.totals);
        } else if (four.count == 1) {
            sweep.rows().addWeighted(row, four.rowWeights[0], four.columnWeights[0], four.totals[0]);
        } else {
            sweep.rows().addFourWeighted(row, four.columnWeights, four.rowWeights, four.totals);
        }
    }
}

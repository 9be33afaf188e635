package cntk.backend.cpu;

import cntk.plan.PlaneProgram;
import cntk.plan.PlaneReadout;
import cntk.plan.PlaneStep;
import cntk.plan.Precision;
import cntk.plan.ReadoutWeights;
import cntk.plan.Segment;
import java.util.Arrays;
import java.util.List;

/**
 * Sums of S and T~ over the planes that readouts read, in double: float over a row, double over rows and planes, in a fixed order. One
 * thread at a time.
 */
final class PlaneReader {
    private static final int FOUR = 4;

    private final Reading[] readings;
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

    private PlaneReader(List<PlaneReadout> readouts, int lanes, int widest) {
        this.readings = readouts.stream().map(Reading::of).toArray(Reading[]::new);
        this.totals = new double[FOUR][2 * lanes];
        this.columnWeights = new double[FOUR][widest];
        this.rowWeights = new double[FOUR];
        this.batch = new int[FOUR];
    }

    static PlaneReader of(PlaneProgram program, Precision precision) {
        int widest = program.segments().stream().mapToInt(Segment::width).max().orElseThrow();
        return new PlaneReader(program.readouts(), PlaneRows.lanes(precision), widest);
    }

    /** Whether a readout reads the planes of a displacement. */
    boolean reads(int readout, int di, int dj) {
        return readings[readout].reads(di, dj);
    }

    /** Reads neighbouring planes (di, dj..dj + lanes - 1), of which every entry counts once for every readout. */
    void readPlain(PlaneStep.Read read, PlaneSweep sweep, Sink sink) {
        plainTotals(sweep);
        for (int readout = read.begin(); readout < read.end(); readout++) {
            sink.add(readout, totals[0]);
        }
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
            readRow(sweep, i, i < di ? i - di + sweep.height() : i - di);
        }
        for (int place = 0; place < waiting; place++) {
            sink.add(batch[place], totals[place]);
        }
        waiting = 0;
    }

    private void readRow(PlaneSweep sweep, int i, int partner) {
        boolean any = false;
        for (int place = 0; place < FOUR; place++) {
            rowWeights[place] =
                    place < waiting ? readings[batch[place]].weights().rows()[i][partner] : 0;
            any |= rowWeights[place] != 0;
        }
        if (any && waiting == 1) {
            sweep.rows().addWeighted(sweep.slot(i), rowWeights[0], columnWeights[0], totals[0]);
        } else if (any) {
            sweep.rows().addFourWeighted(sweep.slot(i), columnWeights, rowWeights, totals);
        }
    }
}

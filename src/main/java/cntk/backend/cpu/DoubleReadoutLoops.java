package cntk.backend.cpu;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * What leaves the planes in double: weighted sums over rows for the readouts, and columns for coarser planes. Parameters as
 * {@link PlaneRows} has them; {@code cells} is the array behind its cells.
 */
final class DoubleReadoutLoops {
    private static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int LEAD = DoubleCells.LEAD;
    private static final int COLUMN = 2 * LANES;

    private DoubleReadoutLoops() {}

    /** Adds the sum of two rows to a row of another array. */
    static void addRowsTo(double[] sums, int to, double[] cells, int row, int other, int width) {
        for (int at = LEAD; at < LEAD + width * COLUMN; at += LANES) {
            DoubleVector.fromArray(SPECIES, cells, row + at)
                    .add(DoubleVector.fromArray(SPECIES, cells, other + at))
                    .add(DoubleVector.fromArray(SPECIES, sums, to + at))
                    .intoArray(sums, to + at);
        }
    }

    static void scatterLanes(
            double[] pool, int row, LaneScatter scatter, LanePermutations permutations, double[] sum, int to) {
        for (int t = 0; t < scatter.targets.length; t++) {
            int at = LEAD + to + scatter.targets[t];
            DoubleVector s = DoubleVector.fromArray(SPECIES, sum, at);
            DoubleVector tangent = DoubleVector.fromArray(SPECIES, sum, at + LANES);
            for (int k = scatter.begins[t]; k < scatter.begins[t + 1]; k++) {
                int from = LEAD + row + scatter.columns[k] * COLUMN;
                int permutation = scatter.permutations[k];
                VectorShuffle<Double> sources = permutations.doubleSources[permutation];
                DoubleVector taken = DoubleVector.fromArray(SPECIES, permutations.doubleTaken, permutation * LANES);
                s = DoubleVector.fromArray(SPECIES, pool, from)
                        .rearrange(sources)
                        .fma(taken, s);
                tangent = DoubleVector.fromArray(SPECIES, pool, from + LANES)
                        .rearrange(sources)
                        .fma(taken, tangent);
            }
            s.intoArray(sum, at);
            tangent.intoArray(sum, at + LANES);
        }
    }

    static void addWeighted(
            double[] cells,
            double[] scratch,
            int width,
            int row,
            double weight,
            double[] columnWeights,
            DoubleCells totals) {
        DoubleVector s = DoubleVector.zero(SPECIES);
        DoubleVector t = DoubleVector.zero(SPECIES);
        for (int j = 0; j < width; j++) {
            DoubleVector w = DoubleVector.broadcast(SPECIES, columnWeights[j]);
            s = DoubleVector.fromArray(SPECIES, cells, LEAD + row + j * COLUMN).fma(w, s);
            t = DoubleVector.fromArray(SPECIES, cells, LEAD + row + j * COLUMN + LANES)
                    .fma(w, t);
        }
        s.intoArray(scratch, LEAD);
        t.intoArray(scratch, LEAD + LANES);
        addRow(scratch, LEAD, weight, totals.array);
    }

    static void addLaneWeighted(
            double[] cells,
            double[] scratch,
            int width,
            int row,
            Cells[] laneWeights,
            double[] rowWeights,
            int count,
            DoubleCells[] totals) {
        DoubleVector s0 = DoubleVector.zero(SPECIES);
        DoubleVector t0 = s0;
        DoubleVector s1 = s0;
        DoubleVector t1 = s0;
        DoubleVector s2 = s0;
        DoubleVector t2 = s0;
        DoubleVector s3 = s0;
        DoubleVector t3 = s0;
        double[] weights0 = ((DoubleCells) laneWeights[0]).array;
        double[] weights1 = ((DoubleCells) laneWeights[1]).array;
        double[] weights2 = ((DoubleCells) laneWeights[2]).array;
        double[] weights3 = ((DoubleCells) laneWeights[3]).array;
        for (int j = 0; j < width; j++) {
            DoubleVector s = DoubleVector.fromArray(SPECIES, cells, LEAD + row + j * COLUMN);
            DoubleVector t = DoubleVector.fromArray(SPECIES, cells, LEAD + row + j * COLUMN + LANES);
            DoubleVector w0 = DoubleVector.fromArray(SPECIES, weights0, LEAD + j * LANES);
            s0 = s.fma(w0, s0);
            t0 = t.fma(w0, t0);
            DoubleVector w1 = DoubleVector.fromArray(SPECIES, weights1, LEAD + j * LANES);
            s1 = s.fma(w1, s1);
            t1 = t.fma(w1, t1);
            DoubleVector w2 = DoubleVector.fromArray(SPECIES, weights2, LEAD + j * LANES);
            s2 = s.fma(w2, s2);
            t2 = t.fma(w2, t2);
            DoubleVector w3 = DoubleVector.fromArray(SPECIES, weights3, LEAD + j * LANES);
            s3 = s.fma(w3, s3);
            t3 = t.fma(w3, t3);
        }
        s0.intoArray(scratch, LEAD);
        t0.intoArray(scratch, LEAD + LANES);
        s1.intoArray(scratch, LEAD + 2 * LANES);
        t1.intoArray(scratch, LEAD + 3 * LANES);
        s2.intoArray(scratch, LEAD + 4 * LANES);
        t2.intoArray(scratch, LEAD + 5 * LANES);
        s3.intoArray(scratch, LEAD + 6 * LANES);
        t3.intoArray(scratch, LEAD + 7 * LANES);
        for (int readout = 0; readout < count; readout++) {
            addRow(scratch, LEAD + readout * COLUMN, rowWeights[readout], totals[readout].array);
        }
    }

    static void addFourWeighted(
            double[] cells,
            double[] scratch,
            int width,
            int row,
            double[][] columnWeights,
            double[] rowWeights,
            DoubleCells[] totals) {
        DoubleVector s0 = DoubleVector.zero(SPECIES);
        DoubleVector t0 = s0;
        DoubleVector s1 = s0;
        DoubleVector t1 = s0;
        DoubleVector s2 = s0;
        DoubleVector t2 = s0;
        DoubleVector s3 = s0;
        DoubleVector t3 = s0;
        double[] weights0 = columnWeights[0];
        double[] weights1 = columnWeights[1];
        double[] weights2 = columnWeights[2];
        double[] weights3 = columnWeights[3];
        for (int j = 0; j < width; j++) {
            DoubleVector s = DoubleVector.fromArray(SPECIES, cells, LEAD + row + j * COLUMN);
            DoubleVector t = DoubleVector.fromArray(SPECIES, cells, LEAD + row + j * COLUMN + LANES);
            DoubleVector w0 = DoubleVector.broadcast(SPECIES, weights0[j]);
            s0 = s.fma(w0, s0);
            t0 = t.fma(w0, t0);
            DoubleVector w1 = DoubleVector.broadcast(SPECIES, weights1[j]);
            s1 = s.fma(w1, s1);
            t1 = t.fma(w1, t1);
            DoubleVector w2 = DoubleVector.broadcast(SPECIES, weights2[j]);
            s2 = s.fma(w2, s2);
            t2 = t.fma(w2, t2);
            DoubleVector w3 = DoubleVector.broadcast(SPECIES, weights3[j]);
            s3 = s.fma(w3, s3);
            t3 = t.fma(w3, t3);
        }
        s0.intoArray(scratch, LEAD);
        t0.intoArray(scratch, LEAD + LANES);
        s1.intoArray(scratch, LEAD + 2 * LANES);
        t1.intoArray(scratch, LEAD + 3 * LANES);
        s2.intoArray(scratch, LEAD + 4 * LANES);
        t2.intoArray(scratch, LEAD + 5 * LANES);
        s3.intoArray(scratch, LEAD + 6 * LANES);
        t3.intoArray(scratch, LEAD + 7 * LANES);
        for (int readout = 0; readout < totals.length; readout++) {
            addRow(scratch, LEAD + readout * COLUMN, rowWeights[readout], totals[readout].array);
        }
    }

    static void addTotals(double[] cells, double[] scratch, int width, int row, DoubleCells totals) {
        DoubleVector s = DoubleVector.zero(SPECIES);
        DoubleVector t = DoubleVector.zero(SPECIES);
        for (int j = 0; j < width; j++) {
            s = s.add(DoubleVector.fromArray(SPECIES, cells, LEAD + row + j * COLUMN));
            t = t.add(DoubleVector.fromArray(SPECIES, cells, LEAD + row + j * COLUMN + LANES));
        }
        s.intoArray(scratch, LEAD);
        t.intoArray(scratch, LEAD + LANES);
        addRow(scratch, LEAD, 1, totals.array);
    }

    /**
     * S and T~ of every lane, times a weight, into totals. From an array: a vector handed to a method that is not inlined is boxed.
     */
    private static void addRow(double[] scratch, int from, double weight, double[] totals) {
        for (int lane = 0; lane < COLUMN; lane++) {
            totals[DoubleCells.LEAD + lane] += weight * scratch[from + lane];
        }
    }
}

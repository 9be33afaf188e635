package cntk.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * What leaves the planes in float: weighted sums over rows for the readouts, and columns for coarser planes. Parameters as
 * {@link PlaneRows} has them; {@code cells} is the array behind its cells.
 */
final class FloatReadoutLoops {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int LEAD = FloatCells.LEAD;
    private static final int COLUMN = 2 * LANES;

    private FloatReadoutLoops() {}

    /** Adds the sum of two rows to a row of another array. */
    static void addRowsTo(float[] sums, int to, float[] cells, int row, int other, int width) {
        for (int at = LEAD; at < LEAD + width * COLUMN; at += LANES) {
            FloatVector.fromArray(SPECIES, cells, row + at)
                    .add(FloatVector.fromArray(SPECIES, cells, other + at))
                    .add(FloatVector.fromArray(SPECIES, sums, to + at))
                    .intoArray(sums, to + at);
        }
    }

    static void scatterLanes(
            float[] pool, int row, LaneScatter scatter, LanePermutations permutations, float[] sum, int to) {
        for (int t = 0; t < scatter.targets.length; t++) {
            int at = LEAD + to + scatter.targets[t];
            FloatVector s = FloatVector.fromArray(SPECIES, sum, at);
            FloatVector tangent = FloatVector.fromArray(SPECIES, sum, at + LANES);
            for (int k = scatter.begins[t]; k < scatter.begins[t + 1]; k++) {
                int from = LEAD + row + scatter.columns[k] * COLUMN;
                int permutation = scatter.permutations[k];
                VectorShuffle<Float> sources = permutations.floatSources[permutation];
                FloatVector taken = FloatVector.fromArray(SPECIES, permutations.floatTaken, permutation * LANES);
                s = FloatVector.fromArray(SPECIES, pool, from)
                        .rearrange(sources)
                        .fma(taken, s);
                tangent = FloatVector.fromArray(SPECIES, pool, from + LANES)
                        .rearrange(sources)
                        .fma(taken, tangent);
            }
            s.intoArray(sum, at);
            tangent.intoArray(sum, at + LANES);
        }
    }

    static void addWeighted(
            float[] cells,
            float[] scratch,
            int width,
            int row,
            double weight,
            double[] columnWeights,
            DoubleCells totals) {
        FloatVector s = FloatVector.zero(SPECIES);
        FloatVector t = FloatVector.zero(SPECIES);
        for (int j = 0; j < width; j++) {
            FloatVector w = FloatVector.broadcast(SPECIES, (float) columnWeights[j]);
            s = FloatVector.fromArray(SPECIES, cells, LEAD + row + j * COLUMN).fma(w, s);
            t = FloatVector.fromArray(SPECIES, cells, LEAD + row + j * COLUMN + LANES)
                    .fma(w, t);
        }
        s.intoArray(scratch, LEAD);
        t.intoArray(scratch, LEAD + LANES);
        addRow(scratch, LEAD, weight, totals.array);
    }

    static void addLaneWeighted(
            float[] cells,
            float[] scratch,
            int width,
            int row,
            Cells[] laneWeights,
            double[] rowWeights,
            int count,
            DoubleCells[] totals) {
        FloatVector s0 = FloatVector.zero(SPECIES);
        FloatVector t0 = s0;
        FloatVector s1 = s0;
        FloatVector t1 = s0;
        FloatVector s2 = s0;
        FloatVector t2 = s0;
        FloatVector s3 = s0;
        FloatVector t3 = s0;
        float[] weights0 = ((FloatCells) laneWeights[0]).array;
        float[] weights1 = ((FloatCells) laneWeights[1]).array;
        float[] weights2 = ((FloatCells) laneWeights[2]).array;
        float[] weights3 = ((FloatCells) laneWeights[3]).array;
        for (int j = 0; j < width; j++) {
            FloatVector s = FloatVector.fromArray(SPECIES, cells, LEAD + row + j * COLUMN);
            FloatVector t = FloatVector.fromArray(SPECIES, cells, LEAD + row + j * COLUMN + LANES);
            FloatVector w0 = FloatVector.fromArray(SPECIES, weights0, LEAD + j * LANES);
            s0 = s.fma(w0, s0);
            t0 = t.fma(w0, t0);
            FloatVector w1 = FloatVector.fromArray(SPECIES, weights1, LEAD + j * LANES);
            s1 = s.fma(w1, s1);
            t1 = t.fma(w1, t1);
            FloatVector w2 = FloatVector.fromArray(SPECIES, weights2, LEAD + j * LANES);
            s2 = s.fma(w2, s2);
            t2 = t.fma(w2, t2);
            FloatVector w3 = FloatVector.fromArray(SPECIES, weights3, LEAD + j * LANES);
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
            float[] cells,
            float[] scratch,
            int width,
            int row,
            double[][] columnWeights,
            double[] rowWeights,
            DoubleCells[] totals) {
        FloatVector s0 = FloatVector.zero(SPECIES);
        FloatVector t0 = s0;
        FloatVector s1 = s0;
        FloatVector t1 = s0;
        FloatVector s2 = s0;
        FloatVector t2 = s0;
        FloatVector s3 = s0;
        FloatVector t3 = s0;
        double[] weights0 = columnWeights[0];
        double[] weights1 = columnWeights[1];
        double[] weights2 = columnWeights[2];
        double[] weights3 = columnWeights[3];
        for (int j = 0; j < width; j++) {
            FloatVector s = FloatVector.fromArray(SPECIES, cells, LEAD + row + j * COLUMN);
            FloatVector t = FloatVector.fromArray(SPECIES, cells, LEAD + row + j * COLUMN + LANES);
            FloatVector w0 = FloatVector.broadcast(SPECIES, (float) weights0[j]);
            s0 = s.fma(w0, s0);
            t0 = t.fma(w0, t0);
            FloatVector w1 = FloatVector.broadcast(SPECIES, (float) weights1[j]);
            s1 = s.fma(w1, s1);
            t1 = t.fma(w1, t1);
            FloatVector w2 = FloatVector.broadcast(SPECIES, (float) weights2[j]);
            s2 = s.fma(w2, s2);
            t2 = t.fma(w2, t2);
            FloatVector w3 = FloatVector.broadcast(SPECIES, (float) weights3[j]);
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

    static void addTotals(float[] cells, float[] scratch, int width, int row, DoubleCells totals) {
        FloatVector s = FloatVector.zero(SPECIES);
        FloatVector t = FloatVector.zero(SPECIES);
        for (int j = 0; j < width; j++) {
            s = s.add(FloatVector.fromArray(SPECIES, cells, LEAD + row + j * COLUMN));
            t = t.add(FloatVector.fromArray(SPECIES, cells, LEAD + row + j * COLUMN + LANES));
        }
        s.intoArray(scratch, LEAD);
        t.intoArray(scratch, LEAD + LANES);
        addRow(scratch, LEAD, 1, totals.array);
    }

    /**
     * S and T~ of every lane, times a weight, into totals. From an array: a vector handed to a method that is not inlined is boxed.
     */
    private static void addRow(float[] scratch, int from, double weight, double[] totals) {
        for (int lane = 0; lane < COLUMN; lane++) {
            totals[DoubleCells.LEAD + lane] += weight * scratch[from + lane];
        }
    }
}

package cntk.backend.cpu;

import cntk.arch.Layer;
import cntk.plan.PlaneStep;
import cntk.plan.Precision;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/** Rows in float: {@link FloatReluLoops} and plain loops around them, which C2 vectorises by itself. */
final class FloatRows extends PlaneRows {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    static final int LANES = SPECIES.length();

    private static final int LEAD = FloatCells.LEAD;
    private static final int COLUMN = 2 * LANES;

    private final FloatCells cells;
    private final FloatCells sums;
    private final FloatCells vertical;
    private final float[] lane = new float[LANES];

    FloatRows(PlaneLayout layout) {
        super(layout);
        this.cells = new FloatCells(layout.cells());
        this.sums = new FloatCells(layout.width() * COLUMN);
        this.vertical = new FloatCells(layout.rowStride());
    }

    @Override
    Cells cells() {
        return cells;
    }

    @Override
    void input(int row, ImageTables image, int i, LaneTables lanes, int at, boolean tangent) {
        float[] x = cells.array;
        float[] mine = ((FloatCells) image.pixels()).array;
        float[] theirs = ((FloatCells) lanes.pixels()).array;
        int pixels = layout.height() * layout.width();
        for (int j = 0; j < layout.width(); j++) {
            int from = LEAD + at + j * lanes.pixelStep();
            int pixel = LEAD + i * layout.width() + j;
            FloatVector sum = FloatVector.zero(SPECIES);
            for (int c = 0; c < lanes.channels(); c++) {
                sum = FloatVector.fromArray(SPECIES, theirs, from + c * lanes.channelStride())
                        .fma(FloatVector.broadcast(SPECIES, mine[pixel + c * pixels]), sum);
            }
            sum.intoArray(x, LEAD + row + j * COLUMN);
            if (tangent) {
                sum.intoArray(x, LEAD + row + j * COLUMN + LANES);
            } else {
                FloatVector.zero(SPECIES).intoArray(x, LEAD + row + j * COLUMN + LANES);
            }
        }
    }

    @Override
    void convolveRelu(RowPlan plan, int first, int end, Factors f, @Nullable Cells links) {
        float[] x = cells.array;
        float[] la = ((FloatCells) f.image).array;
        float[] lb = ((FloatCells) f.lanes).array;
        float bias = (float) f.bias;
        float tangentBias = (float) f.tangentBias;
        int width = layout.width();
        if (links == null) {
            FloatReluLoops.openRows(x, plan.entries, first, end, la, lb, bias, tangentBias, width);
        } else if (f.columnStep < 0) {
            float[] link = ((FloatCells) links).array;
            FloatReluLoops.displacementRows(
                    x, plan.entries, first, end, link, la, lb, f.inverseOffset, bias, tangentBias, width);
        } else {
            float[] link = ((FloatCells) links).array;
            FloatReluLoops.imageRows(x, plan.entries, first, end, link, la, lb, bias, tangentBias, width);
        }
    }

    @Override
    void relu(int out, Factors f) {
        kink(0, out, f);
    }

    private void kink(double a, int out, Factors f) {
        float[] s = sums.array;
        float[] x = cells.array;
        float[] la = ((FloatCells) f.image).array;
        float[] lb = ((FloatCells) f.lanes).array;
        int pa = LEAD + f.imageAt;
        int pb = LEAD + f.lanesAt;
        int step = f.columnStep;
        int inverse = f.inverseOffset;
        int width = layout.width();
        FloatKinkLoops.kinkRow(s, x, LEAD + out, la, pa, lb, pb, step, inverse, width, (float) linearPart(a));
    }

    @Override
    void windowSums(int[] window, int radius, @Nullable Cells links, Factors f, boolean tangent) {
        float[] x = cells.array;
        float @Nullable [] link = links == null ? null : ((FloatCells) links).array;
        float bias = (float) f.bias;
        float tangentBias = (float) f.tangentBias;
        float own = tangent ? 0 : -1;
        int width = layout.width();
        if (radius != 1) {
            float[] rowSums = vertical.array;
            int halo = radius * COLUMN;
            FloatWindowLoops.addRows(x, window, 2 * radius + 1, rowSums, halo, width * COLUMN + 2 * halo);
            FloatWindowLoops.addColumns(
                    rowSums, halo, WindowOrder.around(radius), link, sums.array, width, bias, tangentBias, own);
        } else if (link == null) {
            FloatWindowLoops.openNine(x, window, sums.array, width, bias, tangentBias, own);
        } else {
            FloatWindowLoops.linkedNine(x, window, link, sums.array, width, bias, tangentBias, own);
        }
    }

    @Override
    void take(int row) {
        FloatWindowLoops.take(cells.array, LEAD + row, sums.array, layout.width());
    }

    @Override
    void keep(int out) {
        FloatWindowLoops.keep(sums.array, cells.array, LEAD + out, layout.width());
    }

    @Override
    void scale(int row, double factor) {
        for (int at = LEAD + row; at < LEAD + row + layout.width() * COLUMN; at++) {
            cells.array[at] *= (float) factor;
        }
    }

    @Override
    void apply(PlaneStep.Nonlinear nonlinear, int out, Factors f) {
        float[] s = sums.array;
        float[] x = cells.array;
        float[] la = ((FloatCells) f.image).array;
        float[] lb = ((FloatCells) f.lanes).array;
        int pa = LEAD + f.imageAt;
        int pb = LEAD + f.lanesAt;
        int step = f.columnStep;
        int inverse = f.inverseOffset;
        int width = layout.width();
        double before = nonlinear.before();
        double after = nonlinear.after();
        double epsilon = ActivationFactors.epsilon(before, Precision.F32);
        switch (nonlinear.function()) {
            case Layer.LeakyRelu(double a) -> kink(a, out, f);
            case Layer.Abs() -> kink(-1, out, f);
            case Layer.Erf() -> {
                double value = 2 / Math.PI * Math.min(1, before * epsilon) / after;
                FloatArcsineLoops.erfRow(
                        s, x, LEAD + out, la, pa, lb, pb, step, inverse, width, (float) epsilon, (float) value, (float)
                                (4 / Math.PI / after));
            }
            case Layer.Gelu() ->
                FloatArcsineLoops.geluRow(s, x, LEAD + out, la, pa, lb, pb, step, inverse, width, (float) epsilon);
            case Layer.Sin() ->
                FloatExponentialLoops.sinRow(
                        s,
                        x,
                        LEAD + out,
                        la,
                        pa,
                        lb,
                        pb,
                        step,
                        inverse,
                        width,
                        (float) before,
                        (float) (1 / after),
                        (float) before);
            case Layer.Rbf(double gamma) -> {
                double width2 = gamma * before;
                FloatExponentialLoops.rbfRow(
                        s,
                        x,
                        LEAD + out,
                        la,
                        pa,
                        lb,
                        pb,
                        step,
                        inverse,
                        width,
                        (float) width2,
                        (float) (1 / after),
                        (float) (2 * width2));
            }
            case Layer.Gaussian(double gamma) ->
                FloatExponentialLoops.gaussianRow(
                        s, x, LEAD + out, la, pa, lb, pb, step, inverse, width, (float) gamma);
            case Layer.ReluProject() ->
                FloatKinkLoops.projectRow(s, x, LEAD + out, la, pa, lb, pb, step, inverse, width, (float) (1 / after));
            case Layer.Relu(), Layer.Identity() -> throw noRow(nonlinear.function());
        }
    }

    @Override
    void addRow(Cells saved, int from, double factor, int out) {
        float[] x = cells.array;
        float[] y = ((FloatCells) saved).array;
        for (int at = 0; at < layout.width() * COLUMN; at++) {
            x[LEAD + out + at] += (float) factor * y[LEAD + from + at];
        }
    }

    @Override
    void scatter(int row, int[] columns, int[] offsets, Cells tensor, int to) {
        float[] x = cells.array;
        float[] sum = ((FloatCells) tensor).array;
        for (int c = 0; c < columns.length; c++) {
            int from = LEAD + row + columns[c] * COLUMN;
            int at = LEAD + to + offsets[c];
            FloatVector.fromArray(SPECIES, sum, at)
                    .add(FloatVector.fromArray(SPECIES, x, from))
                    .intoArray(sum, at);
            FloatVector.fromArray(SPECIES, sum, at + LANES)
                    .add(FloatVector.fromArray(SPECIES, x, from + LANES))
                    .intoArray(sum, at + LANES);
        }
    }

    @Override
    void scatterLanes(int row, LaneScatter scatter, LanePermutations permutations, Cells tensor, int to) {
        float[] sum = ((FloatCells) tensor).array;
        for (int t = 0; t < scatter.targets.length; t++) {
            int at = LEAD + to + scatter.targets[t];
            FloatVector s = FloatVector.fromArray(SPECIES, sum, at);
            FloatVector tangent = FloatVector.fromArray(SPECIES, sum, at + LANES);
            for (int k = scatter.begins[t]; k < scatter.begins[t + 1]; k++) {
                int from = LEAD + row + scatter.columns[k] * COLUMN;
                int permutation = scatter.permutations[k];
                VectorShuffle<Float> sources = permutations.floatSources[permutation];
                FloatVector taken = FloatVector.fromArray(SPECIES, permutations.floatTaken, permutation * LANES);
                s = FloatVector.fromArray(SPECIES, cells.array, from)
                        .rearrange(sources)
                        .fma(taken, s);
                tangent = FloatVector.fromArray(SPECIES, cells.array, from + LANES)
                        .rearrange(sources)
                        .fma(taken, tangent);
            }
            s.intoArray(sum, at);
            tangent.intoArray(sum, at + LANES);
        }
    }

    @Override
    void addWeighted(int row, double weight, double[] columnWeights, double[] totals) {
        FloatVector s = FloatVector.zero(SPECIES);
        FloatVector t = FloatVector.zero(SPECIES);
        for (int j = 0; j < layout.width(); j++) {
            FloatVector w = FloatVector.broadcast(SPECIES, (float) columnWeights[j]);
            s = FloatVector.fromArray(SPECIES, cells.array, LEAD + row + j * COLUMN)
                    .fma(w, s);
            t = FloatVector.fromArray(SPECIES, cells.array, LEAD + row + j * COLUMN + LANES)
                    .fma(w, t);
        }
        addLanes(s, weight, totals, 0);
        addLanes(t, weight, totals, LANES);
    }

    @Override
    void addLaneWeighted(int row, Cells[] laneWeights, double[] rowWeights, int count, double[][] totals) {
        for (int readout = 0; readout < count; readout++) {
            float[] weights = ((FloatCells) laneWeights[readout]).array;
            FloatVector s = FloatVector.zero(SPECIES);
            FloatVector t = FloatVector.zero(SPECIES);
            for (int j = 0; j < layout.width(); j++) {
                FloatVector w = FloatVector.fromArray(SPECIES, weights, LEAD + j * LANES);
                s = FloatVector.fromArray(SPECIES, cells.array, LEAD + row + j * COLUMN)
                        .fma(w, s);
                t = FloatVector.fromArray(SPECIES, cells.array, LEAD + row + j * COLUMN + LANES)
                        .fma(w, t);
            }
            addLanes(s, rowWeights[readout], totals[readout], 0);
            addLanes(t, rowWeights[readout], totals[readout], LANES);
        }
    }

    @Override
    void addFourWeighted(int row, double[][] columnWeights, double[] rowWeights, double[][] totals) {
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
        for (int j = 0; j < layout.width(); j++) {
            FloatVector s = FloatVector.fromArray(SPECIES, cells.array, LEAD + row + j * COLUMN);
            FloatVector t = FloatVector.fromArray(SPECIES, cells.array, LEAD + row + j * COLUMN + LANES);
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
        addLanes(s0, rowWeights[0], totals[0], 0);
        addLanes(t0, rowWeights[0], totals[0], LANES);
        addLanes(s1, rowWeights[1], totals[1], 0);
        addLanes(t1, rowWeights[1], totals[1], LANES);
        addLanes(s2, rowWeights[2], totals[2], 0);
        addLanes(t2, rowWeights[2], totals[2], LANES);
        addLanes(s3, rowWeights[3], totals[3], 0);
        addLanes(t3, rowWeights[3], totals[3], LANES);
    }

    @Override
    void addTotals(int row, double[] totals) {
        FloatVector s = FloatVector.zero(SPECIES);
        FloatVector t = FloatVector.zero(SPECIES);
        for (int j = 0; j < layout.width(); j++) {
            s = s.add(FloatVector.fromArray(SPECIES, cells.array, LEAD + row + j * COLUMN));
            t = t.add(FloatVector.fromArray(SPECIES, cells.array, LEAD + row + j * COLUMN + LANES));
        }
        addLanes(s, 1, totals, 0);
        addLanes(t, 1, totals, LANES);
    }

    private void addLanes(FloatVector sum, double weight, double[] totals, int from) {
        sum.intoArray(lane, 0);
        for (int l = 0; l < LANES; l++) {
            totals[from + l] += weight * lane[l];
        }
    }
}

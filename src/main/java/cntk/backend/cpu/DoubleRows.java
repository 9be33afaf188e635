package cntk.backend.cpu;

import cntk.arch.Layer;
import cntk.plan.PlaneStep;
import cntk.plan.Precision;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/** Rows in double: {@link DoubleReluLoops} and plain loops around them, which C2 vectorises by itself. */
final class DoubleRows extends PlaneRows {
    private static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED;
    static final int LANES = SPECIES.length();

    private static final int LEAD = DoubleCells.LEAD;
    private static final int COLUMN = 2 * LANES;

    private final DoubleCells cells;
    private final DoubleCells sums;
    private final DoubleCells imageFactors;
    private final DoubleCells vertical;
    private final double[] lane = new double[LANES];

    DoubleRows(PlaneLayout layout) {
        super(layout);
        this.cells = new DoubleCells(layout.cells());
        this.sums = new DoubleCells(layout.width() * COLUMN);
        this.imageFactors = new DoubleCells(layout.width() * COLUMN);
        this.vertical = new DoubleCells(layout.rowStride());
    }

    @Override
    Cells cells() {
        return cells;
    }

    @Override
    void input(int row, ImageTables image, int i, LaneTables lanes, int at, boolean tangent) {
        double[] x = cells.array;
        double[] mine = ((DoubleCells) image.pixels()).array;
        double[] theirs = ((DoubleCells) lanes.pixels()).array;
        int pixels = layout.height() * layout.width();
        for (int j = 0; j < layout.width(); j++) {
            int from = LEAD + at + j * lanes.pixelStep();
            int pixel = LEAD + i * layout.width() + j;
            DoubleVector sum = DoubleVector.zero(SPECIES);
            for (int c = 0; c < lanes.channels(); c++) {
                sum = DoubleVector.fromArray(SPECIES, theirs, from + c * lanes.channelStride())
                        .fma(DoubleVector.broadcast(SPECIES, mine[pixel + c * pixels]), sum);
            }
            sum.intoArray(x, LEAD + row + j * COLUMN);
            if (tangent) {
                sum.intoArray(x, LEAD + row + j * COLUMN + LANES);
            } else {
                DoubleVector.zero(SPECIES).intoArray(x, LEAD + row + j * COLUMN + LANES);
            }
        }
    }

    /** S = sum_c x_c x'_c of every lane's image with itself, displaced; T~ = S or 0. */
    void inputSelf(int row, LaneTables lanes, int mine, int theirs, boolean tangent) {
        double[] x = ((DoubleCells) lanes.pixels()).array;
        for (int j = 0; j < layout.width(); j++) {
            for (int l = 0; l < LANES; l++) {
                double sum = 0;
                for (int c = 0; c < lanes.channels(); c++) {
                    int at = LEAD + c * lanes.channelStride() + j * lanes.pixelStep() + l;
                    sum = Math.fma(x[theirs + at], x[mine + at], sum);
                }
                cells.array[LEAD + row + j * COLUMN + l] = sum;
                cells.array[LEAD + row + j * COLUMN + LANES + l] = tangent ? sum : 0;
            }
        }
    }

    @Override
    void convolveRelu(RowPlan plan, int first, int end, Factors f, @Nullable Cells links) {
        double[] x = cells.array;
        double[] la = ((DoubleCells) f.image).array;
        double[] lb = ((DoubleCells) f.lanes).array;
        double bias = f.bias;
        double tangentBias = f.tangentBias;
        int width = layout.width();
        if (links == null) {
            DoubleReluLoops.openRows(x, plan.entries, first, end, la, lb, bias, tangentBias, width);
        } else if (f.columnStep < 0) {
            double[] link = ((DoubleCells) links).array;
            DoubleReluLoops.displacementRows(
                    x, plan.entries, first, end, link, la, lb, f.inverseOffset, bias, tangentBias, width);
        } else {
            double[] link = ((DoubleCells) links).array;
            DoubleReluLoops.imageRows(x, plan.entries, first, end, link, la, lb, bias, tangentBias, width);
        }
    }

    @Override
    void relu(int out, Factors f) {
        kink(0, out, f);
    }

    private void kink(double a, int out, Factors f) {
        double[] s = sums.array;
        double[] x = cells.array;
        double[] la = spread(f);
        double[] lb = ((DoubleCells) f.lanes).array;
        int pa = LEAD + (f.imageIsLanes ? f.imageAt : 0);
        int pb = LEAD + f.lanesAt;
        int step = f.columnStep;
        int inverse = f.inverseOffset;
        int width = layout.width();
        DoubleKinkLoops.kinkRow(s, x, LEAD + out, la, pa, lb, pb, step, inverse, width, linearPart(a));
    }

    /** Factors of image a side by side for every lane: as they are where it is a table of lanes, else copied to each. */
    private double[] spread(Factors f) {
        double[] la = ((DoubleCells) f.image).array;
        if (f.imageIsLanes) {
            return la;
        }
        double[] spread = imageFactors.array;
        for (int at = 0; at < 2 * layout.width(); at++) {
            DoubleVector.broadcast(SPECIES, la[LEAD + f.imageAt + at]).intoArray(spread, LEAD + at * LANES);
        }
        return spread;
    }

    @Override
    void windowSums(int[] window, int radius, @Nullable Cells links, Factors f, boolean tangent) {
        double[] x = cells.array;
        double @Nullable [] link = links == null ? null : ((DoubleCells) links).array;
        double bias = f.bias;
        double tangentBias = f.tangentBias;
        double own = tangent ? 0 : -1;
        int width = layout.width();
        if (radius != 1) {
            double[] rowSums = vertical.array;
            int halo = radius * COLUMN;
            DoubleWindowLoops.addRows(x, window, 2 * radius + 1, rowSums, halo, width * COLUMN + 2 * halo);
            DoubleWindowLoops.addColumns(
                    rowSums, halo, WindowOrder.around(radius), link, sums.array, width, bias, tangentBias, own);
        } else if (link == null) {
            DoubleWindowLoops.openNine(x, window, sums.array, width, bias, tangentBias, own);
        } else {
            DoubleWindowLoops.linkedNine(x, window, link, sums.array, width, bias, tangentBias, own);
        }
    }

    @Override
    void take(int row) {
        DoubleWindowLoops.take(cells.array, LEAD + row, sums.array, layout.width());
    }

    @Override
    void keep(int out) {
        DoubleWindowLoops.keep(sums.array, cells.array, LEAD + out, layout.width());
    }

    @Override
    void scale(int row, double factor) {
        for (int at = LEAD + row; at < LEAD + row + layout.width() * COLUMN; at++) {
            cells.array[at] *= factor;
        }
    }

    @Override
    void apply(PlaneStep.Nonlinear nonlinear, int out, Factors f) {
        double[] s = sums.array;
        double[] x = cells.array;
        double[] la = spread(f);
        double[] lb = ((DoubleCells) f.lanes).array;
        int pa = LEAD + (f.imageIsLanes ? f.imageAt : 0);
        int pb = LEAD + f.lanesAt;
        int step = f.columnStep;
        int inverse = f.inverseOffset;
        int width = layout.width();
        double before = nonlinear.before();
        double after = nonlinear.after();
        double epsilon = ActivationFactors.epsilon(before, Precision.F64);
        switch (nonlinear.function()) {
            case Layer.LeakyRelu(double a) -> kink(a, out, f);
            case Layer.Abs() -> kink(-1, out, f);
            case Layer.Erf() -> {
                double value = 2 / Math.PI * Math.min(1, before * epsilon) / after;
                DoubleArcsineLoops.erfRow(
                        s, x, LEAD + out, la, pa, lb, pb, step, inverse, width, epsilon, value, (4 / Math.PI / after));
            }
            case Layer.Gelu() ->
                DoubleArcsineLoops.geluRow(s, x, LEAD + out, la, pa, lb, pb, step, inverse, width, epsilon);
            case Layer.Sin() ->
                DoubleExponentialLoops.sinRow(
                        s, x, LEAD + out, la, pa, lb, pb, step, inverse, width, before, (1 / after), before);
            case Layer.Rbf(double gamma) -> {
                double width2 = gamma * before;
                DoubleExponentialLoops.rbfRow(
                        s, x, LEAD + out, la, pa, lb, pb, step, inverse, width, width2, (1 / after), (2 * width2));
            }
            case Layer.Gaussian(double gamma) ->
                DoubleExponentialLoops.gaussianRow(s, x, LEAD + out, la, pa, lb, pb, step, inverse, width, gamma);
            case Layer.ReluProject() ->
                DoubleKinkLoops.projectRow(s, x, LEAD + out, la, pa, lb, pb, step, inverse, width, (1 / after));
            case Layer.Relu(), Layer.Identity() -> throw noRow(nonlinear.function());
        }
    }

    @Override
    void addRow(Cells saved, int from, double factor, int out) {
        double[] x = cells.array;
        double[] y = ((DoubleCells) saved).array;
        for (int at = 0; at < layout.width() * COLUMN; at++) {
            x[LEAD + out + at] += factor * y[LEAD + from + at];
        }
    }

    @Override
    void scatter(int row, int[] columns, int[] offsets, Cells tensor, int to) {
        double[] x = cells.array;
        double[] sum = ((DoubleCells) tensor).array;
        for (int c = 0; c < columns.length; c++) {
            int from = LEAD + row + columns[c] * COLUMN;
            int at = LEAD + to + offsets[c];
            DoubleVector.fromArray(SPECIES, sum, at)
                    .add(DoubleVector.fromArray(SPECIES, x, from))
                    .intoArray(sum, at);
            DoubleVector.fromArray(SPECIES, sum, at + LANES)
                    .add(DoubleVector.fromArray(SPECIES, x, from + LANES))
                    .intoArray(sum, at + LANES);
        }
    }

    @Override
    void scatterLanes(int row, LaneScatter scatter, LanePermutations permutations, Cells tensor, int to) {
        double[] sum = ((DoubleCells) tensor).array;
        for (int t = 0; t < scatter.targets.length; t++) {
            int at = LEAD + to + scatter.targets[t];
            DoubleVector s = DoubleVector.fromArray(SPECIES, sum, at);
            DoubleVector tangent = DoubleVector.fromArray(SPECIES, sum, at + LANES);
            for (int k = scatter.begins[t]; k < scatter.begins[t + 1]; k++) {
                int from = LEAD + row + scatter.columns[k] * COLUMN;
                int permutation = scatter.permutations[k];
                VectorShuffle<Double> sources = permutations.doubleSources[permutation];
                DoubleVector taken = DoubleVector.fromArray(SPECIES, permutations.doubleTaken, permutation * LANES);
                s = DoubleVector.fromArray(SPECIES, cells.array, from)
                        .rearrange(sources)
                        .fma(taken, s);
                tangent = DoubleVector.fromArray(SPECIES, cells.array, from + LANES)
                        .rearrange(sources)
                        .fma(taken, tangent);
            }
            s.intoArray(sum, at);
            tangent.intoArray(sum, at + LANES);
        }
    }

    @Override
    void addWeighted(int row, double weight, double[] columnWeights, double[] totals) {
        DoubleVector s = DoubleVector.zero(SPECIES);
        DoubleVector t = DoubleVector.zero(SPECIES);
        for (int j = 0; j < layout.width(); j++) {
            DoubleVector w = DoubleVector.broadcast(SPECIES, columnWeights[j]);
            s = DoubleVector.fromArray(SPECIES, cells.array, LEAD + row + j * COLUMN)
                    .fma(w, s);
            t = DoubleVector.fromArray(SPECIES, cells.array, LEAD + row + j * COLUMN + LANES)
                    .fma(w, t);
        }
        addLanes(s, weight, totals, 0);
        addLanes(t, weight, totals, LANES);
    }

    @Override
    void addLaneWeighted(int row, Cells[] laneWeights, double[] rowWeights, int count, double[][] totals) {
        for (int readout = 0; readout < count; readout++) {
            double[] weights = ((DoubleCells) laneWeights[readout]).array;
            DoubleVector s = DoubleVector.zero(SPECIES);
            DoubleVector t = DoubleVector.zero(SPECIES);
            for (int j = 0; j < layout.width(); j++) {
                DoubleVector w = DoubleVector.fromArray(SPECIES, weights, LEAD + j * LANES);
                s = DoubleVector.fromArray(SPECIES, cells.array, LEAD + row + j * COLUMN)
                        .fma(w, s);
                t = DoubleVector.fromArray(SPECIES, cells.array, LEAD + row + j * COLUMN + LANES)
                        .fma(w, t);
            }
            addLanes(s, rowWeights[readout], totals[readout], 0);
            addLanes(t, rowWeights[readout], totals[readout], LANES);
        }
    }

    @Override
    void addFourWeighted(int row, double[][] columnWeights, double[] rowWeights, double[][] totals) {
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
        for (int j = 0; j < layout.width(); j++) {
            DoubleVector s = DoubleVector.fromArray(SPECIES, cells.array, LEAD + row + j * COLUMN);
            DoubleVector t = DoubleVector.fromArray(SPECIES, cells.array, LEAD + row + j * COLUMN + LANES);
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
        DoubleVector s = DoubleVector.zero(SPECIES);
        DoubleVector t = DoubleVector.zero(SPECIES);
        for (int j = 0; j < layout.width(); j++) {
            s = s.add(DoubleVector.fromArray(SPECIES, cells.array, LEAD + row + j * COLUMN));
            t = t.add(DoubleVector.fromArray(SPECIES, cells.array, LEAD + row + j * COLUMN + LANES));
        }
        addLanes(s, 1, totals, 0);
        addLanes(t, 1, totals, LANES);
    }

    private void addLanes(DoubleVector sum, double weight, double[] totals, int from) {
        sum.intoArray(lane, 0);
        for (int l = 0; l < LANES; l++) {
            totals[from + l] += weight * lane[l];
        }
    }
}

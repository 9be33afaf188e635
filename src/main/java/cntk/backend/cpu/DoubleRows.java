package cntk.backend.cpu;

import cntk.arch.Layer;
import cntk.plan.PlaneStep;
import cntk.plan.Precision;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/** Rows in double: {@link DoubleReluLoops} and plain loops around them, which C2 vectorises by itself. */
final class DoubleRows extends PlaneRows {
    private static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED;
    static final int LANES = SPECIES.length();

    private static final int LEAD = DoubleCells.LEAD;
    private static final int COLUMN = 2 * LANES;
    private static final int COLOURS = 3;

    private final DoubleCells cells;
    private final DoubleCells sums;
    private final DoubleCells scratch = new DoubleCells(4 * COLUMN); // of a row for four readouts
    private final DoubleCells imageFactors;
    private final DoubleCells vertical;

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
        int from = LEAD + at;
        int pixel = LEAD + i * layout.width();
        double ofTangent = tangent ? 1 : 0;
        if (lanes.channels() == COLOURS) {
            inputColours(x, LEAD + row, mine, pixel, pixels, theirs, from, lanes, ofTangent);
            return;
        }
        for (int j = 0; j < layout.width(); j++) {
            DoubleVector sum = DoubleVector.zero(SPECIES);
            for (int c = 0; c < lanes.channels(); c++) {
                sum = DoubleVector.fromArray(SPECIES, theirs, from + j * lanes.pixelStep() + c * lanes.channelStride())
                        .fma(DoubleVector.broadcast(SPECIES, mine[pixel + j + c * pixels]), sum);
            }
            sum.intoArray(x, LEAD + row + j * COLUMN);
            sum.mul(ofTangent).intoArray(x, LEAD + row + j * COLUMN + LANES);
        }
    }

    /** The same for three channels: without the inner loop it takes a third of the time. */
    private void inputColours(
            double[] x,
            int row,
            double[] mine,
            int pixel,
            int pixels,
            double[] theirs,
            int from,
            LaneTables lanes,
            double ofTangent) {
        int step = lanes.pixelStep();
        int channel = lanes.channelStride();
        for (int j = 0; j < layout.width(); j++) {
            int at = from + j * step;
            DoubleVector sum = DoubleVector.fromArray(SPECIES, theirs, at).mul(mine[pixel + j]);
            sum = DoubleVector.fromArray(SPECIES, theirs, at + channel)
                    .fma(DoubleVector.broadcast(SPECIES, mine[pixel + j + pixels]), sum);
            sum = DoubleVector.fromArray(SPECIES, theirs, at + 2 * channel)
                    .fma(DoubleVector.broadcast(SPECIES, mine[pixel + j + 2 * pixels]), sum);
            sum.intoArray(x, row + j * COLUMN);
            sum.mul(ofTangent).intoArray(x, row + j * COLUMN + LANES);
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
    void addRowsTo(Cells sums, int to, int row, int other) {
        DoubleReadoutLoops.addRowsTo(((DoubleCells) sums).array, to, cells.array, row, other, layout.width());
    }

    @Override
    void scatterLanes(Cells pool, int row, LaneScatter scatter, LanePermutations permutations, Cells tensor, int to) {
        DoubleReadoutLoops.scatterLanes(
                ((DoubleCells) pool).array, row, scatter, permutations, ((DoubleCells) tensor).array, to);
    }

    @Override
    void addWeighted(int row, double weight, double[] columnWeights, DoubleCells totals) {
        DoubleReadoutLoops.addWeighted(cells.array, scratch.array, layout.width(), row, weight, columnWeights, totals);
    }

    @Override
    void addLaneWeighted(int row, Cells[] laneWeights, double[] rowWeights, int count, DoubleCells[] totals) {
        DoubleReadoutLoops.addLaneWeighted(
                cells.array, scratch.array, layout.width(), row, laneWeights, rowWeights, count, totals);
    }

    @Override
    void addFourWeighted(int row, double[][] columnWeights, double[] rowWeights, DoubleCells[] totals) {
        DoubleReadoutLoops.addFourWeighted(
                cells.array, scratch.array, layout.width(), row, columnWeights, rowWeights, totals);
    }

    @Override
    void addTotals(int row, DoubleCells totals) {
        DoubleReadoutLoops.addTotals(cells.array, scratch.array, layout.width(), row, totals);
    }
}

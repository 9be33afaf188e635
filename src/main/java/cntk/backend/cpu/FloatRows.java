package cntk.backend.cpu;

import cntk.arch.Layer;
import cntk.plan.PlaneStep;
import cntk.plan.Precision;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/** Rows in float: {@link FloatReluLoops} and plain loops around them, which C2 vectorises by itself. */
final class FloatRows extends PlaneRows {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    static final int LANES = SPECIES.length();

    private static final int LEAD = FloatCells.LEAD;
    private static final int COLUMN = 2 * LANES;
    private static final int COLOURS = 3;

    private final FloatCells cells;
    private final FloatCells sums;
    private final FloatCells scratch = new FloatCells(4 * COLUMN); // of a row for four readouts
    private final FloatCells vertical;

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
        int from = LEAD + at;
        int pixel = LEAD + i * layout.width();
        float ofTangent = tangent ? 1 : 0;
        if (lanes.channels() == COLOURS) {
            inputColours(x, LEAD + row, mine, pixel, pixels, theirs, from, lanes, ofTangent);
            return;
        }
        for (int j = 0; j < layout.width(); j++) {
            FloatVector sum = FloatVector.zero(SPECIES);
            for (int c = 0; c < lanes.channels(); c++) {
                sum = FloatVector.fromArray(SPECIES, theirs, from + j * lanes.pixelStep() + c * lanes.channelStride())
                        .fma(FloatVector.broadcast(SPECIES, mine[pixel + j + c * pixels]), sum);
            }
            sum.intoArray(x, LEAD + row + j * COLUMN);
            sum.mul(ofTangent).intoArray(x, LEAD + row + j * COLUMN + LANES);
        }
    }

    /** The same for three channels: without the inner loop it takes a third of the time. */
    private void inputColours(
            float[] x,
            int row,
            float[] mine,
            int pixel,
            int pixels,
            float[] theirs,
            int from,
            LaneTables lanes,
            float ofTangent) {
        int step = lanes.pixelStep();
        int channel = lanes.channelStride();
        for (int j = 0; j < layout.width(); j++) {
            int at = from + j * step;
            FloatVector sum = FloatVector.fromArray(SPECIES, theirs, at).mul(mine[pixel + j]);
            sum = FloatVector.fromArray(SPECIES, theirs, at + channel)
                    .fma(FloatVector.broadcast(SPECIES, mine[pixel + j + pixels]), sum);
            sum = FloatVector.fromArray(SPECIES, theirs, at + 2 * channel)
                    .fma(FloatVector.broadcast(SPECIES, mine[pixel + j + 2 * pixels]), sum);
            sum.intoArray(x, row + j * COLUMN);
            sum.mul(ofTangent).intoArray(x, row + j * COLUMN + LANES);
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
    void addRowsTo(Cells sums, int to, int row, int other) {
        FloatReadoutLoops.addRowsTo(((FloatCells) sums).array, to, cells.array, row, other, layout.width());
    }

    @Override
    void scatterLanes(Cells pool, int row, LaneScatter scatter, LanePermutations permutations, Cells tensor, int to) {
        FloatReadoutLoops.scatterLanes(
                ((FloatCells) pool).array, row, scatter, permutations, ((FloatCells) tensor).array, to);
    }

    @Override
    void addWeighted(int row, double weight, double[] columnWeights, DoubleCells totals) {
        FloatReadoutLoops.addWeighted(cells.array, scratch.array, layout.width(), row, weight, columnWeights, totals);
    }

    @Override
    void addLaneWeighted(int row, Cells[] laneWeights, double[] rowWeights, int count, DoubleCells[] totals) {
        FloatReadoutLoops.addLaneWeighted(
                cells.array, scratch.array, layout.width(), row, laneWeights, rowWeights, count, totals);
    }

    @Override
    void addFourWeighted(int row, double[][] columnWeights, double[] rowWeights, DoubleCells[] totals) {
        FloatReadoutLoops.addFourWeighted(
                cells.array, scratch.array, layout.width(), row, columnWeights, rowWeights, totals);
    }

    @Override
    void addTotals(int row, DoubleCells totals) {
        FloatReadoutLoops.addTotals(cells.array, scratch.array, layout.width(), row, totals);
    }
}

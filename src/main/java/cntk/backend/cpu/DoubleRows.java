package cntk.backend.cpu;

import cntk.maths.DualActivation;
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
    private static final int COLOURS = 3;

    private final DoubleCells cells;
    private final DoubleCells sums;
    private final double[] vertical;

    DoubleRows(PlaneLayout layout) {
        super(layout);
        this.cells = new DoubleCells(layout.cells());
        this.sums = new DoubleCells(layout.width() * COLUMN);
        this.vertical = new double[layout.rowStride()];
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
        double[] la = ((DoubleCells) f.image).array;
        double[] lb = ((DoubleCells) f.lanes).array;
        if (f.imageIsLanes) {
            DoubleScratchLoops.reluLanesRow(
                    sums.array, cells.array, LEAD + out, la, LEAD + f.imageAt, LEAD + f.lanesAt, layout.width());
            return;
        }
        DoubleScratchLoops.reluRow(
                sums.array,
                cells.array,
                LEAD + out,
                la,
                LEAD + f.imageAt,
                lb,
                LEAD + f.lanesAt,
                f.columnStep,
                f.inverseOffset,
                layout.width());
    }

    @Override
    void windowSums(int[] window, int radius, @Nullable Cells links, Factors f, boolean tangent) {
        int halo = radius * COLUMN;
        int length = layout.width() * COLUMN;
        addRows(window, halo, length + 2 * halo);
        double[] s = sums.array;
        System.arraycopy(vertical, halo, s, LEAD, length);
        int[] around = WindowOrder.around(radius);
        for (int k = 0; k < around.length; k++) {
            int from = halo + around[k] * COLUMN;
            if (links == null) {
                for (int at = 0; at < length; at++) {
                    s[LEAD + at] += vertical[from + at];
                }
            } else {
                double[] link = ((DoubleCells) links).array;
                for (int at = 0; at < length; at++) {
                    s[LEAD + at] += link[LEAD + k * length + at] * vertical[from + at];
                }
            }
        }
        addBiases(f.bias, f.tangentBias, tangent);
    }

    private void addRows(int[] window, int halo, int length) {
        double[] x = cells.array;
        System.arraycopy(x, LEAD + window[0] - halo, vertical, 0, length);
        for (int k = 1; k < window.length && k <= 2 * halo / COLUMN; k++) {
            int from = LEAD + window[k] - halo;
            for (int at = 0; at < length; at++) {
                vertical[at] += x[from + at];
            }
        }
    }

    private void addBiases(double bias, double tangentBias, boolean tangent) {
        double[] s = sums.array;
        for (int j = LEAD; j < LEAD + layout.width() * COLUMN; j += COLUMN) {
            for (int lane = j; lane < j + LANES; lane++) {
                s[lane + LANES] = tangent ? s[lane + LANES] + tangentBias : s[lane + LANES] - s[lane];
                s[lane] += bias;
            }
        }
    }

    @Override
    void take(int row) {
        double[] x = cells.array;
        for (int j = 0; j < layout.width() * COLUMN; j += COLUMN) {
            for (int lane = j; lane < j + LANES; lane++) {
                sums.array[LEAD + lane] = x[LEAD + row + lane];
                sums.array[LEAD + lane + LANES] = x[LEAD + row + lane + LANES] - x[LEAD + row + lane];
            }
        }
    }

    @Override
    void keep(int out) {
        double[] x = cells.array;
        for (int j = 0; j < layout.width() * COLUMN; j += COLUMN) {
            for (int lane = j; lane < j + LANES; lane++) {
                x[LEAD + out + lane] = sums.array[LEAD + lane];
                x[LEAD + out + lane + LANES] = sums.array[LEAD + lane + LANES] + sums.array[LEAD + lane];
            }
        }
    }

    @Override
    void scale(int row, double factor) {
        for (int at = LEAD + row; at < LEAD + row + layout.width() * COLUMN; at++) {
            cells.array[at] *= factor;
        }
    }

    @Override
    void apply(DualActivation function, double before, double after, int out, Factors f) {
        double[] la = ((DoubleCells) f.image).array;
        double[] lb = ((DoubleCells) f.lanes).array;
        for (int j = 0; j < layout.width(); j++) {
            for (int l = 0; l < LANES; l++) {
                int at = j * COLUMN + l;
                double mine = la[LEAD + f.imageAt + (f.imageIsLanes ? j * f.columnStep + l : 2 * j)];
                double theirs = lb[LEAD + f.lanesAt + j * f.columnStep + l];
                double covariance = before * sums.array[LEAD + at];
                double q = before * mine * mine;
                double otherQ = before * theirs * theirs;
                double s = function.nngp(covariance, q, otherQ) / after;
                double slope = function.slope(covariance, q, otherQ) * (before / after);
                cells.array[LEAD + out + at] = s;
                cells.array[LEAD + out + at + LANES] = (sums.array[LEAD + at + LANES] * slope + s);
            }
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
    void scatterLanes(int row, int other, LaneScatter scatter, LanePermutations permutations, Cells tensor, int to) {
        double[] sum = ((DoubleCells) tensor).array;
        double[] x = cells.array;
        for (int t = 0; t < scatter.targets.length; t++) {
            int at = LEAD + to + scatter.targets[t];
            DoubleVector s = DoubleVector.fromArray(SPECIES, sum, at);
            DoubleVector tangent = DoubleVector.fromArray(SPECIES, sum, at + LANES);
            for (int k = scatter.begins[t]; k < scatter.begins[t + 1]; k++) {
                int from = LEAD + row + scatter.columns[k] * COLUMN;
                int second = LEAD + other + scatter.columns[k] * COLUMN;
                int permutation = scatter.permutations[k];
                VectorShuffle<Double> sources = permutations.doubleSources[permutation];
                DoubleVector taken = DoubleVector.fromArray(SPECIES, permutations.doubleTaken, permutation * LANES);
                s = DoubleVector.fromArray(SPECIES, x, from)
                        .add(DoubleVector.fromArray(SPECIES, x, second))
                        .rearrange(sources)
                        .fma(taken, s);
                tangent = DoubleVector.fromArray(SPECIES, x, from + LANES)
                        .add(DoubleVector.fromArray(SPECIES, x, second + LANES))
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
        for (int j = 0; j < layout.width(); j++) {
            DoubleVector s = DoubleVector.fromArray(SPECIES, cells.array, LEAD + row + j * COLUMN);
            DoubleVector t = DoubleVector.fromArray(SPECIES, cells.array, LEAD + row + j * COLUMN + LANES);
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
        addLanes(s0, rowWeights[0], totals[0], 0);
        addLanes(t0, rowWeights[0], totals[0], LANES);
        if (count > 1) {
            addLanes(s1, rowWeights[1], totals[1], 0);
            addLanes(t1, rowWeights[1], totals[1], LANES);
            addLanes(s2, rowWeights[2], totals[2], 0);
            addLanes(t2, rowWeights[2], totals[2], LANES);
            addLanes(s3, rowWeights[3], totals[3], 0);
            addLanes(t3, rowWeights[3], totals[3], LANES);
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

    private static void addLanes(DoubleVector sum, double weight, double[] totals, int from) {
        DoubleVector w = DoubleVector.broadcast(SPECIES, weight);
        sum.fma(w, DoubleVector.fromArray(SPECIES, totals, from)).intoArray(totals, from);
    }
}

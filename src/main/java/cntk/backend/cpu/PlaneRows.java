package cntk.backend.cpu;

import cntk.arch.Layer;
import cntk.plan.PlaneStep;
import cntk.plan.Precision;
import org.jspecify.annotations.Nullable;

/**
 * The arithmetic of a group of planes, row by row, in one precision. Lane = plane: one lane holds the entries of one
 * displacement of one pair of images, no lane talks to another, and every lane does the same operations in the same order
 * whatever its neighbours hold, so that the bits of a plane do not depend on its company.
 *
 * <p>Offsets count elements of {@link #cells} and point at column 0 of a row ({@link PlaneLayout}); {@code i} is the row of
 * image a, {@code at} an offset into the tables of the lanes.
 */
abstract sealed class PlaneRows permits FloatRows, DoubleRows {
    final PlaneLayout layout;

    PlaneRows(PlaneLayout layout) {
        this.layout = layout;
    }

    static PlaneRows of(Precision precision, int height, int width, int radius, int slack) {
        return switch (precision) {
            case F32 -> new FloatRows(new PlaneLayout(height, width, radius, slack, FloatRows.LANES));
            case F64 -> new DoubleRows(new PlaneLayout(height, width, radius, slack, DoubleRows.LANES));
        };
    }

    static int lanes(Precision precision) {
        return switch (precision) {
            case F32 -> FloatRows.LANES;
            case F64 -> DoubleRows.LANES;
        };
    }

    /** The planes themselves. */
    abstract Cells cells();

    /** S = sum_c x_c x'_c, and T~ = S or 0. */
    abstract void input(int row, ImageTables image, int i, LaneTables lanes, int at, boolean tangent);

    /**
     * 3x3 window sums and ReLU of rows {@code first..end} of the plan, in its order, for a trained layer (or the first).
     *
     * @param links {@link SeamLinks#near}, or null where every neighbour counts (outside the image stands 0)
     */
    abstract void convolveRelu(RowPlan plan, int first, int end, Factors factors, @Nullable Cells links);

    /**
     * Window sums of one row into the scratch row: S + bias, and T.
     *
     * @param window offsets of the rows of the window, in {@link WindowOrder}, the row itself first
     * @param links {@link SeamLinks#wide}, or null
     * @param tangent whether T is the sum of T~ (trained, or nothing in it yet), or of T~ - S alone
     */
    abstract void windowSums(int[] window, int radius, @Nullable Cells links, Factors factors, boolean tangent);

    /** Takes S and T = T~ - S of a row into the scratch row: a ReLU without a convolution before it. */
    abstract void take(int row);

    /** ReLU of the scratch row, into row {@code out}. */
    abstract void relu(int out, Factors factors);

    /** The scratch row into row {@code out} as it is: a convolution without a ReLU behind it. */
    abstract void keep(int out);

    /** Multiplies a row by a power of two, or by 0. */
    abstract void scale(int row, double factor);

    /** Any other non-linearity of the scratch row, into row {@code out}. */
    abstract void apply(PlaneStep.Nonlinear step, int out, Factors factors);

    /** Adds S and T~ of row {@code from} of {@code saved}, times a factor, to row {@code out}. */
    abstract void addRow(Cells saved, int from, double factor, int out);

    /** Adds S and T~ of columns {@code columns[c]} of a row to the tensor at {@code to + offsets[c]}. */
    abstract void scatter(int row, int[] columns, int[] offsets, Cells tensor, int to);

    /** Adds S and T~ of two rows to a row of {@code sums}, which has no halo. */
    abstract void addRowsTo(Cells sums, int to, int row, int other);

    /** Adds the columns of a row of {@code pool} to coarse ones at {@code to + targets}, lanes permuted. */
    abstract void scatterLanes(
            Cells pool, int row, LaneScatter scatter, LanePermutations permutations, Cells tensor, int to);

    /** Adds the sums of S (first) and of T~ (after all of those) over the row to {@code totals}, lane by lane. */
    abstract void addTotals(int row, DoubleCells totals);

    /** The same with a weight for the row and one for every column. */
    abstract void addWeighted(int row, double weight, double[] columnWeights, DoubleCells totals);

    /**
     * The same where lanes are displacements and each has weights of its own, for {@code count} readouts.
     *
     * @param laneWeights [readout], each [column][lane]
     */
    abstract void addLaneWeighted(int row, Cells[] laneWeights, double[] rowWeights, int count, DoubleCells[] totals);

    /**
     * The same for four readouts: the row is read once, and the eight sums stay in registers.
     *
     * @param columnWeights [readout][column]
     * @param rowWeights by readout
     * @param totals [readout], each S of every lane and then T~ of every lane; added to
     */
    abstract void addFourWeighted(int row, double[][] columnWeights, double[] rowWeights, DoubleCells[] totals);

    /** A of a leaky ReLU with slope a below 0 ({@link FloatKinkLoops}). */
    static double linearPart(double a) {
        return (1 + a) * (1 + a) / (2 + 2 * a * a);
    }

    /** What no row loop computes. */
    static IllegalStateException noRow(Layer.Nonlinearity function) {
        return new IllegalStateException(function + " is no step on a row of its own");
    }

    /** What a ReLU reads: tables of both images and the biases of the layer before. */
    static final class Factors {
        Cells image;
        int imageAt;
        Cells lanes;
        int lanesAt;
        int columnStep;
        int inverseOffset;
        double bias;
        double tangentBias;

        /** Whether image a is a table of lanes as well: every lane an image with itself. */
        boolean imageIsLanes;

        Factors(Cells none) {
            this.image = none;
            this.lanes = none;
        }
    }
}

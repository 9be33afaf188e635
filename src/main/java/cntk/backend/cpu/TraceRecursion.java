package cntk.backend.cpu;

import cntk.arch.Layer;
import cntk.maths.DualActivation;
import cntk.plan.PlaneStep;
import cntk.plan.Precision;
import cntk.plan.ReadoutWeights;
import cntk.plan.Segment;
import java.util.List;

/**
 * S and T~ of an image with itself at equal pixels, through one segment. Every correlation is 1 there, so that S passes a
 * ReLU unchanged and no angle is ever computed.
 *
 * <p>All in double, in the order of operations of {@link DoubleRows}: the variance of an image is bit for bit the covariance
 * that the planes find for two equal images.
 */
final class TraceRecursion {
    /** Variances below are zero variance: float roots of it have no inverse product in range (maths.md eq. 7). */
    private static final double SMALLEST_F32 = 0x1p-120;

    private static final double SMALLEST_F64 = 0x1p-400;

    private final int height;
    private final int width;
    private final Source source;
    private final double[][][] saved;
    private double[] s;
    private double[] t;

    /** Where the state comes from at the steps Input and Load: fresh arrays {S, T~}, each [i W + j]. */
    interface Source {
        double[][] input();

        double[][] load(int tensor);

        /** Takes what stands at a step {@link PlaneStep.Read}. */
        void read(PlaneStep.Read step, TraceRecursion at);
    }

    TraceRecursion(Segment segment, Source source) {
        this.source = source;
        this.height = segment.height();
        this.width = segment.width();
        this.saved = new double[segment.saved()][][];
        this.s = new double[height * width];
        this.t = s;
    }

    /** Takes all steps and adds what {@link ActivationFactors} reads before every activation to {@code deviations}. */
    void run(List<PlaneStep> steps, Precision precision, List<Cells> deviations) {
        for (PlaneStep step : steps) {
            switch (step) {
                case PlaneStep.Conv conv -> convolve(conv);
                case PlaneStep.ConvRelu(PlaneStep.Conv conv) -> {
                    convolve(conv);
                    deviations.add(deviations(precision));
                }
                case PlaneStep.Relu() -> deviations.add(deviations(precision));
                case PlaneStep.Nonlinear nonlinear -> {
                    deviations.add(
                            ActivationFactors.of(nonlinear, precision).correlation()
                                    ? deviations(precision)
                                    : variances(precision));
                    apply(nonlinear);
                }
                case PlaneStep.Scale(double factor) -> scale(factor);
                case PlaneStep.Input() -> set(source.input());
                case PlaneStep.Load(int tensor) -> set(source.load(tensor));
                case PlaneStep.Send _ -> {}
                case PlaneStep.Read read -> source.read(read, this);
                case PlaneStep.Restore(int depth) ->
                    set(new double[][] {saved[depth][0].clone(), saved[depth][1].clone()});
                case PlaneStep.Save(int depth) -> saved[depth] = new double[][] {s.clone(), t.clone()};
                case PlaneStep.AddSaved(int depth, double factor) -> {
                    for (int pixel = 0; pixel < s.length; pixel++) {
                        s[pixel] += factor * saved[depth][0][pixel];
                        t[pixel] += factor * saved[depth][1][pixel];
                    }
                }
            }
        }
    }

    private void set(double[][] state) {
        s = state[0];
        t = state[1];
    }

    /** Weighted sum of S over plane (0,0). */
    double totalS(ReadoutWeights weights) {
        return total(s, weights);
    }

    /** Weighted sum of T~ over plane (0,0). */
    double totalTangent(ReadoutWeights weights) {
        return total(t, weights);
    }

    private Cells deviations(Precision precision) {
        double smallest = precision == Precision.F32 ? SMALLEST_F32 : SMALLEST_F64;
        Cells deviations = Cells.of(precision, s.length);
        for (int pixel = 0; pixel < s.length; pixel++) {
            deviations.set(pixel, s[pixel] < smallest ? 0 : Math.sqrt(s[pixel]));
        }
        return deviations;
    }

    private Cells variances(Precision precision) {
        Cells variances = Cells.of(precision, s.length);
        for (int pixel = 0; pixel < s.length; pixel++) {
            variances.set(pixel, s[pixel]);
        }
        return variances;
    }

    private void apply(PlaneStep.Nonlinear step) {
        switch (step.function()) {
            case Layer.LeakyRelu _, Layer.Abs() -> {} // as a ReLU: the unit takes what there is
            case Layer.Erf(), Layer.Gelu(), Layer.Sin(), Layer.Rbf _ -> applyRow(step);
            case Layer.Gaussian _, Layer.ReluProject(), Layer.Relu(), Layer.Identity() -> applyClosedForm(step);
        }
    }

    /** The pixels as lanes of one row, through the loop that the planes take: an ulp between the two would be 1e-8 at a ReLU. */
    private void applyRow(PlaneStep.Nonlinear step) {
        int columns = Math.ceilDiv(s.length, DoubleRows.LANES);
        DoubleRows rows = new DoubleRows(new PlaneLayout(1, columns, 0, 0, DoubleRows.LANES));
        PlaneRows.Factors factors = new PlaneRows.Factors(rows.cells());
        DoubleCells table = new DoubleCells(2 * columns * DoubleRows.LANES);
        ActivationFactors read = ActivationFactors.of(step, Precision.F64);
        for (int pixel = 0; pixel < s.length; pixel++) {
            int at = at(pixel);
            table.set(at, read.firstOfLane(s[pixel]));
            table.set(at + DoubleRows.LANES, read.second(s[pixel]));
            rows.cells().set(at, s[pixel]);
            rows.cells().set(at + DoubleRows.LANES, t[pixel]);
        }
        factors.image = table;
        factors.lanes = table;
        factors.columnStep = 2 * DoubleRows.LANES;
        factors.inverseOffset = DoubleRows.LANES;
        factors.imageIsLanes = true;
        rows.take(0);
        rows.apply(step, 0, factors);
        for (int pixel = 0; pixel < s.length; pixel++) {
            s[pixel] = rows.cells().get(at(pixel));
            t[pixel] = rows.cells().get(at(pixel) + DoubleRows.LANES);
        }
    }

    private static int at(int pixel) {
        return pixel / DoubleRows.LANES * 2 * DoubleRows.LANES + pixel % DoubleRows.LANES;
    }

    private void applyClosedForm(PlaneStep.Nonlinear step) {
        DualActivation function = DualActivation.of(step.function());
        for (int pixel = 0; pixel < s.length; pixel++) {
            double q = step.before() * s[pixel];
            double tangent = t[pixel] - s[pixel];
            double slope = function.slope(q, q, q) * (step.before() / step.after());
            s[pixel] = function.nngp(q, q, q) / step.after();
            t[pixel] = tangent * slope + s[pixel];
        }
    }

    private void scale(double factor) {
        for (int pixel = 0; pixel < s.length; pixel++) {
            s[pixel] *= factor;
            t[pixel] *= factor;
        }
    }

    /** T~ = T + S, where the trained layer adds its own covariance to T. */
    private void convolve(PlaneStep.Conv conv) {
        double[] sums = windowSums(s, conv);
        double[] tangent = windowSums(t, conv);
        for (int pixel = 0; pixel < sums.length; pixel++) {
            double own = conv.train() ? conv.bias() : conv.first() ? 0 : -sums[pixel];
            sums[pixel] += conv.bias();
            tangent[pixel] = tangent[pixel] + own + sums[pixel];
        }
        s = sums;
        t = tangent;
    }

    /** Rows first, then columns; the middle, then outwards, as the rows of planes do it. */
    private double[] windowSums(double[] x, PlaneStep.Conv conv) {
        double[] vertical = x.clone();
        for (int u : WindowOrder.around(conv.radius())) {
            for (int i = 0; i < height; i++) {
                int row = conv.circular() ? Math.floorMod(i + u, height) : i + u;
                for (int j = 0; row >= 0 && row < height && j < width; j++) {
                    vertical[i * width + j] += x[row * width + j];
                }
            }
        }
        double[] out = vertical.clone();
        for (int v : WindowOrder.around(conv.radius())) {
            for (int i = 0; i < height; i++) {
                for (int j = 0; j < width; j++) {
                    int col = conv.circular() ? Math.floorMod(j + v, width) : j + v;
                    out[i * width + j] += col >= 0 && col < width ? vertical[i * width + col] : 0;
                }
            }
        }
        return out;
    }

    private double total(double[] x, ReadoutWeights weights) {
        double sum = 0;
        for (int i = 0; i < height; i++) {
            double row = 0;
            for (int j = 0; j < width; j++) {
                row += weights.cols()[j][j] * x[i * width + j];
            }
            sum += weights.rows()[i][i] * row;
        }
        return sum;
    }
}

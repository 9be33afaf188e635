package cntk.solve;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * Errors on images left out of the training, for many ridges from one eigendecomposition, without a refit (maths.md,
 * eq. 42 and 43). Test labels are not known here.
 */
public final class RidgePath {
    private static final int LOWEST_DECADE = -10;
    private static final int HIGHEST_DECADE = 2;
    private static final int STEPS_PER_DECADE = 4;

    /**
     * The errors of one ridge: means over images and outputs of the squared residual.
     *
     * @param looMse every image left out alone
     * @param heldOutMse the folds left out one after the other; NaN where there are none
     */
    public record Point(double ridge, double looMse, double heldOutMse) {}

    private final SpectralRegression regression;

    public RidgePath(SpectralRegression regression) {
        this.regression = regression;
    }

    /**
     * Ridges from 1e-10 to 100 times the mean diagonal of K, four a decade; without those with which the kernel is not
     * positive definite to double precision.
     */
    public double[] grid() {
        double scale = regression.spectrum().meanDiagonal();
        List<Double> ridges = new ArrayList<>();
        for (int step = LOWEST_DECADE * STEPS_PER_DECADE; step <= HIGHEST_DECADE * STEPS_PER_DECADE; step++) {
            double ridge = scale * Math.pow(10, (double) step / STEPS_PER_DECADE);
            if (regression.spectrum().positiveDefinite(ridge)) {
                ridges.add(ridge);
            }
        }
        return ridges.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /**
     * The errors for every ridge, in order.
     *
     * @param ridges every one large enough to make the kernel positive definite
     * @param folds each predicted from all other images; may be empty, and need not cover all images
     */
    public List<Point> errors(double[] ridges, List<int[]> folds) {
        if (ridges.length == 0) {
            return List.of();
        }
        int outputs = regression.outputs();
        int n = regression.spectrum().size();
        double[][] inverseDiagonals = inverseDiagonals(ridges);
        List<DoubleUnaryOperator> filters = new ArrayList<>();
        for (double ridge : ridges) {
            filters.add(value -> 1 / (value + ridge));
        }
        List<Point> points = new ArrayList<>();
        try (NativeMatrix coefficients = regression.apply(filters)) {
            for (int at = 0; at < ridges.length; at++) {
                double sum = 0;
                for (int output = 0; output < outputs; output++) {
                    for (int image = 0; image < n; image++) {
                        double residual = coefficients.get(image, at * outputs + output) / inverseDiagonals[at][image];
                        sum += residual * residual;
                    }
                }
                double held = folds.isEmpty() ? Double.NaN : heldOut(ridges[at], folds, coefficients, at * outputs);
                points.add(new Point(ridges[at], sum / ((double) n * outputs), held));
            }
        }
        return List.copyOf(points);
    }

    /** The point with the least error of the kind; of equal ones the smallest ridge. */
    public static Point best(List<Point> points, boolean byFolds) {
        return points.stream()
                .min(Comparator.comparingDouble(point -> byFolds ? point.heldOutMse() : point.looMse()))
                .orElseThrow();
    }

    /** [ridge][image]: the diagonal of (K + ridge I)^-1. */
    private double[][] inverseDiagonals(double[] ridges) {
        Spectrum spectrum = regression.spectrum();
        int n = spectrum.size();
        double[][] diagonals = new double[ridges.length][n];
        double[] vector = new double[n];
        for (int mode = 0; mode < n; mode++) {
            spectrum.vector(mode, vector);
            for (int image = 0; image < n; image++) {
                vector[image] *= vector[image];
            }
            for (int at = 0; at < ridges.length; at++) {
                double weight = 1 / (spectrum.value(mode) + ridges[at]);
                double[] diagonal = diagonals[at];
                for (int image = 0; image < n; image++) {
                    diagonal[image] += weight * vector[image];
                }
            }
        }
        return diagonals;
    }

    /** Residuals of a fold F: (P_FF)^-1 (P Y)_F with P = (K + ridge I)^-1; eq. 43. */
    private double heldOut(double ridge, List<int[]> folds, NativeMatrix coefficients, int firstColumn) {
        int outputs = regression.outputs();
        double sum = 0;
        long count = 0;
        for (int[] fold : folds) {
            try (NativeMatrix block = inverseBlock(ridge, fold);
                    NativeMatrix residuals = NativeMatrix.zeros(fold.length, outputs)) {
                for (int place = 0; place < fold.length; place++) {
                    for (int output = 0; output < outputs; output++) {
                        residuals.set(place, output, coefficients.get(fold[place], firstColumn + output));
                    }
                }
                Lapack lapack = regression.spectrum().lapack();
                if (lapack.factorise(block) != 0) {
                    throw new IllegalStateException("a block of a positive definite inverse does not factorise");
                }
                lapack.solve(block, residuals);
                for (int place = 0; place < fold.length; place++) {
                    for (int output = 0; output < outputs; output++) {
                        sum += residuals.get(place, output) * residuals.get(place, output);
                    }
                }
                count += (long) fold.length * outputs;
            }
        }
        return sum / count;
    }

    /** Rows and columns {@code fold} of (K + ridge I)^-1, lower triangle. */
    private NativeMatrix inverseBlock(double ridge, int[] fold) {
        Spectrum spectrum = regression.spectrum();
        int n = spectrum.size();
        try (NativeMatrix rows = NativeMatrix.zeros(fold.length, n)) {
            double[] vector = new double[n];
            double[] column = new double[fold.length];
            for (int mode = 0; mode < n; mode++) {
                spectrum.vector(mode, vector);
                double weight = 1 / Math.sqrt(spectrum.value(mode) + ridge);
                for (int place = 0; place < fold.length; place++) {
                    column[place] = weight * vector[fold[place]];
                }
                rows.putColumn(mode, 0, column, 0, fold.length);
            }
            NativeMatrix block = NativeMatrix.zeros(fold.length, fold.length);
            spectrum.lapack().addGram(1, rows, false, block);
            return block;
        }
    }
}

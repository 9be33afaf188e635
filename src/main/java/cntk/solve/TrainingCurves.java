package cntk.solve;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * Predictions at training and test images after given times of {@link Training}, from an eigendecomposition. Eigenmodes that
 * rounding has made unknown ({@link Spectrum#roundingFloor}) do not train: their share is the limit of an eigenvalue of 0.
 */
public final class TrainingCurves {
    private final SpectralRegression regression;
    private final Training training;
    private final double jitter;

    /** @param jitter added to every eigenvalue, as a shift of the diagonal would; 0 for none */
    public TrainingCurves(SpectralRegression regression, Training training, double jitter) {
        this.regression = regression;
        this.training = training;
        this.jitter = jitter;
    }

    /** Modes that do not train. */
    public int frozenModes() {
        Spectrum spectrum = regression.spectrum();
        return spectrum.countUpTo(spectrum.roundingFloor() - jitter);
    }

    /** Whether every mode that trains converges. */
    public boolean converges() {
        return training.converges(regression.spectrum().largest() + jitter);
    }

    /** The coefficients' filters at the times. */
    public List<DoubleUnaryOperator> filters(double[] times) {
        double floor = regression.spectrum().roundingFloor();
        List<DoubleUnaryOperator> filters = new ArrayList<>();
        for (double time : times) {
            filters.add(value -> value + jitter > floor ? training.filter(value + jitter, time) : 0);
        }
        return filters;
    }

    /** Training predictions [time][image * outputs + output]. */
    public double[][] train(double[] times) {
        double floor = regression.spectrum().roundingFloor();
        List<DoubleUnaryOperator> learned = new ArrayList<>();
        for (double time : times) {
            learned.add(value -> value + jitter > floor ? 1 - training.remainder(value + jitter, time) : 0);
        }
        int outputs = regression.outputs();
        int n = regression.spectrum().size();
        double[][] predictions = new double[times.length][n * outputs];
        try (NativeMatrix applied = regression.apply(learned)) {
            double[] column = new double[n];
            for (int col = 0; col < applied.cols(); col++) {
                applied.getColumn(col, 0, column, 0, n);
                for (int image = 0; image < n; image++) {
                    predictions[col / outputs][image * outputs + col % outputs] = column[image];
                }
            }
        }
        return predictions;
    }

    /** Test predictions [time][image * outputs + output]. */
    public double[][] test(OpenBlas library, CrossKernel cross, double[] times) {
        int outputs = regression.outputs();
        double[][] predictions = new double[times.length][cross.rows() * outputs];
        try (NativeMatrix coefficients = regression.apply(filters(times))) {
            Predictions all = new Predictor(library).predict(cross.plan(), cross.reader(), coefficients);
            for (int image = 0; image < cross.rows(); image++) {
                for (int time = 0; time < times.length; time++) {
                    for (int output = 0; output < outputs; output++) {
                        predictions[time][image * outputs + output] = all.score(image, time * outputs + output);
                    }
                }
            }
        }
        return predictions;
    }
}

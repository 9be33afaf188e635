package cntk.report;

import cntk.dataset.Labels;
import cntk.solve.ClassProbabilities;
import cntk.solve.Predictions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.commons.numbers.gamma.InverseErf;

/**
 * Whether Gaussian predictions mean what they say: how often intervals hold their target, and how often the class is right
 * whose probability is given.
 *
 * @param targetNegativeLogLikelihood mean over images and outputs of -ln of the predicted density at the target
 * @param classes empty for a regression
 */
public record Calibration(double targetNegativeLogLikelihood, List<Coverage> coverage, Optional<Classes> classes) {
    private static final double[] NOMINAL = {0.5, 0.8, 0.9, 0.95, 0.99};
    private static final int BINS = 10;

    /** Share of the targets that lie in the central intervals of that probability. */
    public record Coverage(double nominal, double observed) {}

    /**
     * Images whose most probable class has a probability from {@code low} to {@code high}.
     *
     * @param confidence mean of that probability
     * @param accuracy share of the images where the class is right
     */
    public record Bin(double low, double high, int count, double confidence, double accuracy) {}

    /**
     * Of classes.
     *
     * @param negativeLogLikelihood mean of -ln of the probability of the label
     * @param expectedError mean over the images of |confidence - accuracy| of their bin (Naeini et al. 2015)
     * @param bins those that hold images
     */
    public record Classes(double negativeLogLikelihood, double expectedError, List<Bin> bins) {}

    /**
     * Compares.
     *
     * @param deviations one per image, noise included, above 0
     * @param labels {@link Labels#NONE} for a regression
     */
    public static Calibration of(Predictions means, double[] deviations, double[][] targets, Labels labels) {
        double sum = 0;
        int[] inside = new int[NOMINAL.length];
        int outputs = means.classes();
        for (int image = 0; image < targets.length; image++) {
            for (int output = 0; output < outputs; output++) {
                double z = (targets[image][output] - means.score(image, output)) / deviations[image];
                sum += 0.5 * (z * z + Math.log(2 * Math.PI)) + Math.log(deviations[image]);
                for (int level = 0; level < NOMINAL.length; level++) {
                    inside[level] += Math.abs(z) <= Math.sqrt(2) * InverseErf.value(NOMINAL[level]) ? 1 : 0;
                }
            }
        }
        double count = (double) targets.length * outputs;
        List<Coverage> coverage = new ArrayList<>();
        for (int level = 0; level < NOMINAL.length; level++) {
            coverage.add(new Coverage(NOMINAL[level], inside[level] / count));
        }
        return new Calibration(
                sum / count,
                List.copyOf(coverage),
                labels.known() ? Optional.of(classes(means, deviations, labels)) : Optional.empty());
    }

    private static Classes classes(Predictions means, double[] deviations, Labels labels) {
        double logLikelihood = 0;
        int[] counts = new int[BINS];
        int[] right = new int[BINS];
        double[] confidences = new double[BINS];
        for (int image = 0; image < labels.count(); image++) {
            double[] probabilities = ClassProbabilities.of(means, image, deviations[image]);
            int best = means.predicted(image);
            int bin = Math.min(BINS - 1, (int) (BINS * probabilities[best]));
            logLikelihood += Math.log(Math.max(Double.MIN_NORMAL, probabilities[labels.of(image)]));
            counts[bin]++;
            confidences[bin] += probabilities[best];
            right[bin] += best == labels.of(image) ? 1 : 0;
        }
        List<Bin> bins = new ArrayList<>();
        double error = 0;
        for (int bin = 0; bin < BINS; bin++) {
            if (counts[bin] > 0) {
                double confidence = confidences[bin] / counts[bin];
                double accuracy = right[bin] / (double) counts[bin];
                error += Math.abs(confidence - accuracy) * counts[bin] / labels.count();
                bins.add(new Bin(bin / (double) BINS, (bin + 1) / (double) BINS, counts[bin], confidence, accuracy));
            }
        }
        return new Classes(-logLikelihood / labels.count(), error, List.copyOf(bins));
    }
}

package cntk.report;

import cntk.dataset.Labels;

/**
 * How predictions meet their targets at one time of a training.
 *
 * @param loss half the squared error, summed or divided by images times outputs
 * @param accuracy share of the images whose label has the highest score; NaN without labels
 */
public record Curve(double loss, double accuracy) {
    /**
     * Compares.
     *
     * @param predictions [image * outputs + output]
     * @param targets [image][output]
     * @param labels {@link Labels#NONE} for a regression
     * @param mean whether the loss is divided by images times outputs
     */
    public static Curve of(double[] predictions, double[][] targets, Labels labels, boolean mean) {
        int outputs = targets[0].length;
        double sum = 0;
        int right = 0;
        for (int image = 0; image < targets.length; image++) {
            int best = 0;
            for (int output = 0; output < outputs; output++) {
                double error = predictions[image * outputs + output] - targets[image][output];
                sum += error * error;
                best = predictions[image * outputs + output] > predictions[image * outputs + best] ? output : best;
            }
            right += labels.known() && best == labels.of(image) ? 1 : 0;
        }
        double loss = sum / 2 / (mean ? (double) targets.length * outputs : 1);
        return new Curve(loss, labels.known() ? right / (double) targets.length : Double.NaN);
    }
}

package cntk.solve;

import org.apache.commons.numbers.gamma.Erfc;

/**
 * Probability that a class has the highest score, where the scores are independent Gaussians of equal variance around the
 * predictions (maths.md, eq. 52): what a Gaussian process on one-hot targets says about the class.
 */
public final class ClassProbabilities {
    /** Step and reach of the trapezoidal rule, which converges geometrically for these integrands. */
    private static final double STEP = 0.25;

    private static final int REACH = 34;
    private static final double ROOT_2 = Math.sqrt(2);

    private ClassProbabilities() {}

    /**
     * Probabilities of the classes of one image, which sum to 1.
     *
     * @param deviation standard deviation of every score, above 0
     */
    public static double[] of(Predictions means, int image, double deviation) {
        int classes = means.classes();
        double[] probabilities = new double[classes];
        double total = 0;
        for (int c = 0; c < classes; c++) {
            double sum = 0;
            for (int node = -REACH; node <= REACH; node++) {
                double z = node * STEP;
                double others = Math.exp(-z * z / 2);
                for (int other = 0; other < classes && others > 0; other++) {
                    if (other != c) {
                        double margin = (means.score(image, c) - means.score(image, other)) / deviation + z;
                        others *= 0.5 * Erfc.value(-margin / ROOT_2);
                    }
                }
                sum += others;
            }
            probabilities[c] = sum;
            total += sum;
        }
        for (int c = 0; c < classes; c++) {
            probabilities[c] /= total; // the weights of the rule and 1/sqrt(2 pi) cancel here
        }
        return probabilities;
    }
}

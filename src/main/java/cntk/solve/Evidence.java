package cntk.solve;

/**
 * Log marginal likelihood of the targets under Gaussian processes with covariance scale (K + ridge I), one for each output,
 * independent; maths.md, eq. 50 (Rasmussen and Williams 2006, eq. 2.30).
 */
public final class Evidence {
    private static final double LOG_2_PI = Math.log(2 * Math.PI);
    private static final double GOLDEN = (Math.sqrt(5) - 1) / 2;
    private static final double RESOLUTION = 1e-6;

    private final SpectralRegression regression;

    public Evidence(SpectralRegression regression) {
        this.regression = regression;
    }

    /** A choice of ridge and scale with its log marginal likelihood. */
    public record Optimum(double ridge, double scale, double logMarginalLikelihood) {}

    /**
     * Summed over the outputs.
     *
     * @param ridge in units of K; noise variance over scale
     */
    public double logMarginalLikelihood(double ridge, double scale) {
        Spectrum spectrum = regression.spectrum();
        double logDeterminant = 0;
        for (int mode = 0; mode < spectrum.size(); mode++) {
            logDeterminant += Math.log(scale * (spectrum.value(mode) + ridge));
        }
        return -0.5 * (quadratic(ridge) / scale + regression.outputs() * (logDeterminant + spectrum.size() * LOG_2_PI));
    }

    /** The best scale for a ridge: Y^T (K + ridge I)^-1 Y over images and outputs. */
    public double bestScale(double ridge) {
        return quadratic(ridge) / ((double) regression.spectrum().size() * regression.outputs());
    }

    /** Sum over the outputs of y^T (K + ridge I)^-1 y. */
    private double quadratic(double ridge) {
        double sum = 0;
        for (int mode = 0; mode < regression.spectrum().size(); mode++) {
            sum += regression.modeEnergy(mode) / (regression.spectrum().value(mode) + ridge);
        }
        return sum;
    }

    /**
     * The best ridge: the best of {@code ridges}, then golden sections between its neighbours.
     *
     * @param ridges ascending, at least one
     * @param freeScale whether the scale is chosen too; else it is 1
     */
    public Optimum optimum(double[] ridges, boolean freeScale) {
        int best = 0;
        for (int at = 1; at < ridges.length; at++) {
            if (value(ridges[at], freeScale) > value(ridges[best], freeScale)) {
                best = at;
            }
        }
        double low = Math.log(ridges[Math.max(0, best - 1)]);
        double high = Math.log(ridges[Math.min(ridges.length - 1, best + 1)]);
        while (high - low > RESOLUTION) {
            double left = high - GOLDEN * (high - low);
            double right = low + GOLDEN * (high - low);
            if (value(Math.exp(left), freeScale) < value(Math.exp(right), freeScale)) {
                low = left;
            } else {
                high = right;
            }
        }
        double ridge = Math.exp((low + high) / 2);
        return new Optimum(ridge, freeScale ? bestScale(ridge) : 1, value(ridge, freeScale));
    }

    private double value(double ridge, boolean freeScale) {
        return logMarginalLikelihood(ridge, freeScale ? bestScale(ridge) : 1);
    }
}

package cntk.report;

/** A share {@code successes / trials} with its 95% interval after Wilson (1927), which stays within 0..1 and is honest at 0 and 1. */
public record Proportion(int successes, int trials) {
    /** The 97.5% quantile of the normal distribution. */
    private static final double Z = 1.959963984540054;

    public Proportion {
        if (successes < 0 || successes > trials) {
            throw new IllegalArgumentException(successes + " of " + trials);
        }
    }

    /** 0..1; NaN where nothing was tried. */
    public double share() {
        return successes / (double) trials;
    }

    /** Lower end of the interval; 0 where nothing was tried. */
    public double low() {
        return trials == 0 || successes == 0 ? 0 : centre() - halfWidth();
    }

    /** Upper end of the interval; 1 where nothing was tried. */
    public double high() {
        return trials == 0 || successes == trials ? 1 : centre() + halfWidth();
    }

    private double centre() {
        return (successes + Z * Z / 2) / (trials + Z * Z);
    }

    private double halfWidth() {
        double variance = share() * (1 - share()) * trials + Z * Z / 4;
        return Z * Math.sqrt(variance) / (trials + Z * Z);
    }
}

package cntk.solve;

/** Variance of a Gaussian process behind noisy observations: k(x,x) - c^T (K + noise I)^-1 c; maths.md, eq. 49. */
public final class PosteriorVariance {
    private final Spectrum spectrum;

    public PosteriorVariance(Spectrum spectrum) {
        this.spectrum = spectrum;
    }

    /**
     * One number per test image, of the function without the noise. Rounding may leave a little less than 0.
     *
     * @param prior k(x,x) of the test images
     */
    public double[] of(CrossKernel cross, double[] prior, double noise) {
        if (prior.length != cross.rows()) {
            throw new IllegalArgumentException(prior.length + " variances for " + cross.rows() + " test images");
        }
        double[] variance = prior.clone();
        double[] column = new double[spectrum.size()];
        cross.forEachRowBlock((begin, block) -> {
            try (NativeMatrix modes = spectrum.project(block)) {
                for (int place = 0; place < block.cols(); place++) {
                    modes.getColumn(place, 0, column, 0, column.length);
                    double explained = 0;
                    for (int mode = 0; mode < column.length; mode++) {
                        explained += column[mode] * column[mode] / (spectrum.value(mode) + noise);
                    }
                    variance[begin + place] -= explained;
                }
            }
        });
        return variance;
    }
}

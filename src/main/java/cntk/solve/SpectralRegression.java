package cntk.solve;

import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * Regression in the eigenbasis of the kernel. Every predictor here is linear in the targets and a function of the kernel
 * (maths.md, eq. 41): with a filter phi(e) per eigenvalue,
 *
 * <pre>
 *   A = V diag(phi(e)) V^T Y        coefficients, n x outputs
 *   train predictions K A,          test predictions C A
 * </pre>
 *
 * phi = 1/(e + ridge) is ridge regression, phi = (1 - exp(-rate e t))/e gradient flow.
 */
public final class SpectralRegression implements AutoCloseable {
    private final Spectrum spectrum;
    private final NativeMatrix targets;
    private final NativeMatrix modes;

    /**
     * Turns the targets into the eigenbasis.
     *
     * @param targets Y, n x outputs; both arguments stay the caller's to close and have to stay open
     */
    public SpectralRegression(Spectrum spectrum, NativeMatrix targets) {
        if (targets.rows() != spectrum.size()) {
            throw new IllegalArgumentException(
                    "targets have " + targets.rows() + " rows, the kernel matrix has " + spectrum.size());
        }
        this.spectrum = spectrum;
        this.targets = targets;
        this.modes = spectrum.project(targets);
    }

    public Spectrum spectrum() {
        return spectrum;
    }

    /** Columns of Y. */
    public int outputs() {
        return targets.cols();
    }

    /** Y[image, output]. */
    public double target(int image, int output) {
        return targets.get(image, output);
    }

    /** (V^T Y)[mode, output]; modes count from the smallest eigenvalue. */
    public double mode(int mode, int output) {
        return modes.get(mode, output);
    }

    /** Sum over the outputs of (V^T Y)[mode, output]^2. */
    public double modeEnergy(int mode) {
        double sum = 0;
        for (int output = 0; output < outputs(); output++) {
            sum += modes.get(mode, output) * modes.get(mode, output);
        }
        return sum;
    }

    /**
     * V diag(phi(e)) V^T Y for several filters at once, n x (filters * outputs), the columns of a filter together; the caller
     * closes it.
     */
    public NativeMatrix apply(List<? extends DoubleUnaryOperator> filters) {
        int n = spectrum.size();
        try (NativeMatrix filtered = NativeMatrix.zeros(n, Math.multiplyExact(filters.size(), outputs()))) {
            double[] column = new double[n];
            double[] phi = new double[n];
            for (int filter = 0; filter < filters.size(); filter++) {
                for (int mode = 0; mode < n; mode++) {
                    phi[mode] = filters.get(filter).applyAsDouble(spectrum.value(mode));
                }
                for (int output = 0; output < outputs(); output++) {
                    modes.getColumn(output, 0, column, 0, n);
                    for (int mode = 0; mode < n; mode++) {
                        column[mode] *= phi[mode];
                    }
                    filtered.putColumn(filter * outputs() + output, 0, column, 0, n);
                }
            }
            return spectrum.expand(filtered);
        }
    }

    @Override
    public void close() {
        modes.close();
    }
}

package cntk.solve;

/**
 * Gradient flow, f' = -rate K (f - y); maths.md, eq. 46.
 *
 * @param rate learning rate, divided by images times outputs where the loss is a mean
 */
public record GradientFlow(double rate) implements Training {
    @Override
    public double filter(double eigenvalue, double time) {
        return -Math.expm1(-rate * eigenvalue * time) / eigenvalue;
    }

    @Override
    public double remainder(double eigenvalue, double time) {
        return Math.exp(-rate * eigenvalue * time);
    }

    @Override
    public boolean converges(double eigenvalue) {
        return eigenvalue > 0;
    }
}

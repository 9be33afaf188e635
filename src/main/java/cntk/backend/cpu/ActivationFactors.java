package cntk.backend.cpu;

import cntk.arch.Layer;
import cntk.plan.PlaneProgram;
import cntk.plan.PlaneStep;
import cntk.plan.Precision;

/**
 * The two numbers per pixel that a non-linearity reads of either image, from what is kept of it, in units of S: L and
 * 1 / L from the standard deviation L where the correlation says it all, else q and 1 / sqrt(e + beta q) from the variance q, with
 * e = 1 / unit ({@link FloatArcsineLoops}). q is kept as it is: the root, squared again, would no longer cancel against S of equal pixels.
 *
 * @param correlation whether L is kept, else q
 * @param epsilon e
 */
record ActivationFactors(boolean correlation, double epsilon, double beta) {
    /**
     * 1 - 2^-50: standard deviations of images b are smaller by eight units in the last place ({@link DoubleReluLoops}). In float it rounds
     * away.
     */
    private static final double SHRINK = 1 - 0x1p-50;

    static ActivationFactors of(PlaneProgram program, int activation, Precision precision) {
        return of(program.segmentOf(activation).activation(activation), precision);
    }

    static ActivationFactors of(PlaneStep.Activation step, Precision precision) {
        return switch (step) {
            case PlaneStep.ConvRelu _, PlaneStep.Relu() -> new ActivationFactors(true, 0, 0);
            case PlaneStep.Nonlinear(Layer.Nonlinearity function, double before, double _) ->
                switch (function) {
                    case Layer.Relu(),
                            Layer.LeakyRelu _,
                            Layer.Abs(),
                            Layer.Identity(),
                            Layer.Gaussian _,
                            Layer.ReluProject() -> new ActivationFactors(true, 0, 0);
                    case Layer.Erf() -> new ActivationFactors(false, epsilon(before, precision), 2);
                    case Layer.Gelu() -> new ActivationFactors(false, epsilon(before, precision), 1);
                    case Layer.Sin(), Layer.Rbf _ -> new ActivationFactors(false, 1, 0);
                };
        };
    }

    /** 1 / unit, as far as its square stays in range. Beyond, erf and GELU are what they are at 0 or at infinity. */
    static double epsilon(double unit, Precision precision) {
        double most = switch (precision) {
            case F32 -> 0x1p60;
            case F64 -> 0x1p480;
        };
        return Math.clamp(1 / unit, 1 / most, most);
    }

    /** Of image a. */
    double first(double kept) {
        return kept;
    }

    /** Of image b. */
    double firstOfLane(double kept) {
        return correlation ? SHRINK * kept : kept;
    }

    /** Of both; 0 for a correlation where the variance is zero. */
    double second(double kept) {
        if (!correlation) {
            return 1 / Math.sqrt(epsilon + beta * kept);
        }
        return kept == 0 ? 0 : 1 / kept;
    }
}

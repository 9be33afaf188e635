package cntk.finite;

import cntk.arch.Layer;
import cntk.dataset.InputException;
import java.util.function.DoubleUnaryOperator;
import org.apache.commons.numbers.gamma.Erf;
import org.apache.commons.numbers.gamma.Erfc;

/** A non-linearity as a function of numbers, and its derivative. */
record PointFunction(DoubleUnaryOperator function, DoubleUnaryOperator derivative) {
    private static final double ROOT_2 = Math.sqrt(2);
    private static final double ROOT_PI = Math.sqrt(Math.PI);

    static PointFunction of(Layer.Nonlinearity layer) {
        return switch (layer) {
            case Layer.Relu() -> leaky(0);
            case Layer.LeakyRelu(double a) -> leaky(a);
            case Layer.Abs() -> leaky(-1);
            case Layer.Erf() -> new PointFunction(Erf::value, x -> 2 / ROOT_PI * Math.exp(-x * x));
            case Layer.Gelu() ->
                new PointFunction(x -> x * normal(x), x -> normal(x) + x * Math.exp(-x * x / 2) / (ROOT_2 * ROOT_PI));
            case Layer.Sin() -> new PointFunction(Math::sin, Math::cos);
            case Layer.Rbf(double gamma) -> {
                double rate = Math.sqrt(2 * gamma);
                yield new PointFunction(
                        x -> ROOT_2 * Math.sin(rate * x + Math.PI / 4),
                        x -> ROOT_2 * rate * Math.cos(rate * x + Math.PI / 4));
            }
            case Layer.Identity() -> new PointFunction(x -> x, _ -> 1);
            case Layer.Gaussian _, Layer.ReluProject _ ->
                throw new InputException("no finite network has " + layer + ": it is a kernel without a function");
        };
    }

    private static PointFunction leaky(double slope) {
        return new PointFunction(x -> x > 0 ? x : slope * x, x -> x > 0 ? 1 : slope);
    }

    private static double normal(double x) {
        return 0.5 * Erfc.value(-x / ROOT_2);
    }

    Stage stage() {
        return values -> {
            double[] in = values.values();
            double[] out = new double[in.length];
            for (int at = 0; at < in.length; at++) {
                out[at] = function.applyAsDouble(in[at]);
            }
            return new Stage.Passed(values.with(out), (gradient, _) -> {
                double[] before = new double[in.length];
                for (int at = 0; at < in.length; at++) {
                    before[at] = gradient[at] * derivative.applyAsDouble(in[at]);
                }
                return before;
            });
        };
    }
}

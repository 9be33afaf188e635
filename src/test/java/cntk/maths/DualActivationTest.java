package cntk.maths;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cntk.arch.Layer;
import cntk.support.GaussianPlane;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every closed form against quadrature of the two integrals that define it. */
class DualActivationTest {
    private static final double HALF = 0.5;

    /** A layer with its function and derivative, written down here once more. */
    record Activation(Layer.Nonlinearity layer, DoubleUnaryOperator function, DoubleUnaryOperator derivative) {
        @Override
        public String toString() {
            return layer.toString();
        }
    }

    static Stream<Activation> activations() {
        double gamma = 0.7;
        double root = Math.sqrt(2 * gamma);
        return Stream.of(
                new Activation(new Layer.Relu(), x -> Math.max(0, x), x -> x > 0 ? 1 : 0),
                new Activation(new Layer.LeakyRelu(0.3), x -> x > 0 ? x : 0.3 * x, x -> x > 0 ? 1 : 0.3),
                new Activation(new Layer.LeakyRelu(-2.5), x -> x > 0 ? x : -2.5 * x, x -> x > 0 ? 1 : -2.5),
                new Activation(new Layer.Abs(), Math::abs, Math::signum),
                new Activation(new Layer.Erf(), GaussianPlane::erf, x -> 2 / Math.sqrt(Math.PI) * Math.exp(-x * x)),
                new Activation(
                        new Layer.Gelu(),
                        x -> x * HALF * (1 + GaussianPlane.erf(x / Math.sqrt(2))),
                        x -> HALF * (1 + GaussianPlane.erf(x / Math.sqrt(2)))
                                + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI)),
                new Activation(new Layer.Sin(), Math::sin, Math::cos),
                new Activation(
                        new Layer.Rbf(gamma),
                        x -> Math.sqrt(2) * Math.sin(root * x + Math.PI / 4),
                        x -> Math.sqrt(2) * root * Math.cos(root * x + Math.PI / 4)),
                new Activation(new Layer.Identity(), x -> x, x -> 1));
    }

    @ParameterizedTest
    @MethodSource("activations")
    void bothMomentsAreTheIntegrals(Activation activation) {
        DualActivation dual = DualActivation.of(activation.layer());
        for (double[] variances : List.of(new double[] {1, 1}, new double[] {0.3, 2}, new double[] {4, 1e-3})) {
            double q = variances[0];
            double otherQ = variances[1];
            for (double c : new double[] {-1, -0.999, -0.6, -1e-3, 0, 0.2, 0.8, 0.99999, 1}) {
                double covariance = c * Math.sqrt(q * otherQ);
                String what = activation + " q=" + q + " q'=" + otherQ + " c=" + c;
                assertThat(dual.nngp(covariance, q, otherQ))
                        .as(what)
                        .isCloseTo(GaussianPlane.mean(activation.function(), q, otherQ, c), within(1e-11));
                double slope = GaussianPlane.mean(activation.derivative(), q, otherQ, c);
                // At |c| = 1 a rounding of c moves acos by 1e-8.
                assertThat(dual.slope(covariance, q, otherQ))
                        .as(what)
                        .isCloseTo(slope, within(c * c == 1 ? 1e-6 : 1e-11));
                assertThat(dual.nngp(covariance, otherQ, q)).as(what).isEqualTo(dual.nngp(covariance, q, otherQ));
            }
        }
    }

    /** Price's theorem: the slope is the derivative of the covariance by the covariance. */
    @ParameterizedTest
    @MethodSource("activations")
    void theSlopeIsTheDerivativeOfTheCovariance(Activation activation) {
        DualActivation dual = DualActivation.of(activation.layer());
        double step = 1e-5;
        for (double covariance = -0.7; covariance < 0.71; covariance += 0.1) {
            double difference = dual.nngp(covariance + step, 0.5, 1.2) - dual.nngp(covariance - step, 0.5, 1.2);
            assertThat(dual.slope(covariance, 0.5, 1.2)).isCloseTo(difference / (2 * step), within(1e-8));
        }
    }

    @ParameterizedTest
    @MethodSource("activations")
    void zeroVarianceIsFinite(Activation activation) {
        DualActivation dual = DualActivation.of(activation.layer());
        double atZero = activation.function().applyAsDouble(0);
        assertThat(dual.nngp(0, 0, 0)).isCloseTo(atZero * atZero, within(1e-15));
        assertThat(dual.nngp(0, 0, 3)).isFinite();
        assertThat(dual.slope(0, 0, 3)).isFinite();
    }

    @Test
    void largeVariancesKeepTheirDigits() {
        DualActivation erf = DualActivation.of(new Layer.Erf());
        // 1 - 2/pi sqrt(1/q)... : asin(2q/(1+2q)) = pi/2 - sqrt(4q+1)/(2q) to first order
        double q = 1e12;
        assertThat(1 - erf.nngp(q, q, q)).isCloseTo(2 / Math.PI / Math.sqrt(q), within(1e-15));
        assertThat(erf.slope(q, q, q)).isCloseTo(2 / Math.PI / Math.sqrt(q), within(1e-15));
        assertThat(DualActivation.of(new Layer.Gelu()).nngp(q, q, q)).isCloseTo(q / 2, within(1e-3 * q));
        assertThat(DualActivation.of(new Layer.Sin()).nngp(1e4, 1e4, 1e4)).isEqualTo(0.5);
        assertThat(DualActivation.of(new Layer.Sin()).nngp(1e-300, 1, 1)).isGreaterThan(0);
    }

    @Test
    void normalisedKernelsHaveTheirFormulaAndNoSlope() {
        DualActivation gaussian = DualActivation.of(new Layer.Gaussian(2));
        assertThat(gaussian.nngp(1.5, 1, 9)).isCloseTo(3 * Math.exp(2 * (0.5 - 1)), within(1e-15));
        assertThat(gaussian.nngp(7, 7, 7)).isEqualTo(7);
        assertThat(gaussian.nngp(0, 0, 9)).isEqualTo(0);
        assertThat(gaussian.slope(1.5, 1, 9)).isNaN();
        DualActivation project = DualActivation.of(new Layer.ReluProject());
        assertThat(project.nngp(1.5, 1, 9)).isEqualTo(ArcCosine.k1(0.5));
        assertThat(project.nngp(7, 7, 7)).isEqualTo(1);
        assertThat(project.nngp(0, 0, 9)).isEqualTo(0);
        assertThat(project.slope(1.5, 1, 9)).isNaN();
    }
}

package cntk.maths;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ArcCosineTest {
    @Test
    void limitsAreExact() {
        assertThat(ArcCosine.k0(1)).isEqualTo(1);
        assertThat(ArcCosine.k1(1)).isEqualTo(1);
        assertThat(ArcCosine.k0(0)).isEqualTo(0.5);
        assertThat(ArcCosine.k1(0)).isEqualTo(1 / Math.PI);
        assertThat(ArcCosine.k0(-1)).isEqualTo(0);
        assertThat(ArcCosine.k1(-1)).isEqualTo(0);
    }

    @Test
    void theDerivativeOfK1IsK0() {
        for (double c = -0.99; c < 0.995; c += 0.01) {
            double step = 1e-5;
            double slope = (ArcCosine.k1(c + step) - ArcCosine.k1(c - step)) / (2 * step);
            assertThat(slope).isCloseTo(ArcCosine.k0(c), within(1e-8));
        }
    }

    @Test
    void kernelsAreTheMomentsOfGaussianPairs() {
        Random random = new Random(1);
        double c = 0.3;
        double product = 0;
        double both = 0;
        int draws = 400_000;
        for (int draw = 0; draw < draws; draw++) {
            double u = random.nextGaussian();
            double v = c * u + Math.sqrt(1 - c * c) * random.nextGaussian();
            product += Math.max(0, u) * Math.max(0, v);
            both += u > 0 && v > 0 ? 1 : 0;
        }
        assertThat(2 * product / draws).isCloseTo(ArcCosine.k1(c), within(0.01));
        assertThat(2 * both / draws).isCloseTo(ArcCosine.k0(c), within(0.005));
    }

    @Test
    void equalVariancesGiveTheVarianceItselfAndCorrelationOne() {
        Random random = new Random(2);
        for (int draw = 0; draw < 100_000; draw++) {
            double q = random.nextDouble() * Math.pow(2, random.nextInt(2000) - 1000);
            assertThat(ArcCosine.scale(q, q)).isEqualTo(q);
            assertThat(ArcCosine.correlation(q, ArcCosine.scale(q, q))).isEqualTo(1);
            assertThat(ArcCosine.correlation(-2 * q, ArcCosine.scale(q, 4 * q))).isEqualTo(-1);
        }
    }

    @Test
    void extremeAndZeroVariancesStayFinite() {
        assertThat(ArcCosine.scale(1e-200, 1e-200)).isEqualTo(1e-200);
        assertThat(ArcCosine.scale(1e200, 1e200)).isEqualTo(1e200);
        assertThat(ArcCosine.scale(0, 3)).isEqualTo(0);
        assertThat(ArcCosine.correlation(0, 0)).isEqualTo(0);
        assertThat(ArcCosine.correlation(1.0000000000000002, 1)).isEqualTo(1);
    }
}

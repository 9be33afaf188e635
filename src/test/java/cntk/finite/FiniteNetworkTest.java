package cntk.finite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import cntk.support.RandomImages;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FiniteNetworkTest {
    private static final ImageShape SHAPE = new ImageShape(2, 5, 4);

    /** Every gradient entry against the difference of two forward passes. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "conv(b=0.3) gelu conv(stride=2) erf gap dense(b=0.1)",
                "conv(pad=circular) sin lap(c=1) conv(k=1,train=false) rbf(gamma=0.2) flatten dense",
                "conv(pad=valid,b=0.5) erf avgpool residual(conv(k=1,b=0.2) gelu conv(k=1)) flatten dense",
            })
    void gradientsAreDifferencesOfOutputs(String text) {
        Network network = ArchitectureParser.network(text, SHAPE);
        FiniteNetwork finite = new FiniteNetwork(network, 3, 5);
        double[] image = image(1);
        double[][] gradients = finite.answer(image).gradients();
        List<double[]> weights = finite.weights();
        assertThat(weights).hasSize(2 * network.trainedLayers());
        double h = 1e-5;
        for (int array = 0; array < weights.size(); array++) {
            for (int at = 0; at < weights.get(array).length; at++) {
                double kept = weights.get(array)[at];
                weights.get(array)[at] = kept + h;
                double up = finite.answer(image).outputs()[0];
                weights.get(array)[at] = kept - h;
                double down = finite.answer(image).outputs()[0];
                weights.get(array)[at] = kept;
                assertThat(gradients[array][at]).isCloseTo((up - down) / (2 * h), within(1e-8));
            }
        }
    }

    @Test
    void kernelsWithoutAFunctionHaveNoNetwork() {
        Network network = ArchitectureParser.network("conv gaussian gap dense", SHAPE);
        assertThatThrownBy(() -> new FiniteNetwork(network, 3, 1))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("a kernel without a function");
    }

    @Test
    void theSlopeOfAPowerIsItsExponent() {
        double[] x = {16, 32, 64, 100};
        double[] y = new double[4];
        for (int at = 0; at < 4; at++) {
            y[at] = 3 * Math.pow(x[at], -0.5);
        }
        assertThat(WidthStudy.slope(x, y)).isCloseTo(-0.5, within(1e-12));
        assertThat(WidthStudy.slope(new double[] {1}, new double[] {1})).isNaN();
    }

    /** A linear network in its last layer alone: its training is the one of its kernel, exactly, and the kernel stays. */
    @Test
    void aModelThatIsLinearInItsWeightsNeverLeavesItsKernel() {
        Network network = ArchitectureParser.network("conv(train=false) relu flatten dense(b=0.2)", SHAPE);
        LazyTraining training =
                new LazyTraining(network, new double[][] {image(1), image(2), image(3)}, new double[] {1, -1, 0.5});
        for (double alpha : new double[] {1, 7}) {
            LazyTraining.Result result = training.train(6, alpha, 40, 3);
            assertThat(result.kernelChange()).isCloseTo(0, within(1e-12));
            assertThat(result.departure()).isCloseTo(0, within(1e-10));
            assertThat(result.loss()).isLessThan(training.train(6, alpha, 5, 3).loss());
        }
    }

    @Test
    void aLargerAlphaIsLazierAndASmallerNetworkMovesMore() {
        Network network = ArchitectureParser.network("conv(b=0.1) relu conv relu gap dense", SHAPE);
        LazyTraining training =
                new LazyTraining(network, new double[][] {image(1), image(2), image(3)}, new double[] {1, -1, 1});
        LazyTraining.Result eager = training.train(16, 1, 60, 2);
        LazyTraining.Result lazy = training.train(16, 100, 60, 2);
        LazyTraining.Result wide = training.train(128, 1, 60, 2);
        assertThat(lazy.weightChange()).isLessThan(eager.weightChange() / 20);
        assertThat(lazy.kernelChange()).isLessThan(eager.kernelChange() / 20);
        assertThat(lazy.departure()).isLessThan(eager.departure() / 10);
        assertThat(wide.weightChange()).isLessThan(eager.weightChange() / 2);
        assertThat(wide.kernelChange()).isLessThan(eager.kernelChange());
    }

    private static double[] image(long seed) {
        double[] values = new double[SHAPE.values()];
        RandomImages.of(1, SHAPE, seed).read(0, values);
        return values;
    }
}

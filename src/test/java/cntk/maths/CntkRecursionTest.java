package cntk.maths;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.dataset.ImageShape;
import cntk.support.RandomImages;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CntkRecursionTest {
    private static final ImageShape SHAPE = new ImageShape(2, 4, 3);

    /** x . x' / (C H W) by hand, without any layer that could hide a wrong index. */
    @Test
    void linearNetworkIsTheScaledInnerProduct() {
        double[] x = image(1);
        double[] y = image(2);
        double inner = 0;
        for (int e = 0; e < x.length; e++) {
            inner += x[e] * y[e] / x.length;
        }
        KernelPair kernels = CntkRecursion.of(network("flatten dense(w=3,b=2)")).evaluate(x, y);
        assertThat(kernels.nngp()).isCloseTo(4 + 9 * inner, within(1e-14));
        assertThat(kernels.ntk()).isEqualTo(kernels.nngp());
    }

    /** A 5x5 window over a 3x3 image with a single bright pixel: each pixel sees it once, whatever its place. */
    @Test
    void windowWiderThanTheImageSeesEveryPixelOnceUnderZeroPadding() {
        ImageShape shape = new ImageShape(1, 3, 3);
        double[] bright = new double[9];
        bright[4] = 5;
        Network network = ArchitectureParser.network("conv(k=5,w=1) gap", shape);
        assertThat(CntkRecursion.of(network).evaluate(bright, bright).nngp()).isCloseTo(25.0 / 25 / 9, within(1e-15));
    }

    @ParameterizedTest
    @ValueSource(strings = {"(conv relu)x3 gap dense", "conv relu gap dense relu dense", "(conv relu)x2 flatten dense"})
    void zeroImagesHaveZeroKernelsWithoutBias(String text) {
        CntkRecursion recursion = CntkRecursion.of(network(text));
        double[] zero = new double[SHAPE.values()];
        assertThat(recursion.evaluate(zero, zero)).isEqualTo(new KernelPair(0, 0));
        assertThat(recursion.evaluate(zero, image(3)).nngp()).isEqualTo(0);
    }

    @Test
    void frozenWeightsBeforeTheLastLayerLeaveTheNngpKernel() {
        CntkRecursion recursion =
                CntkRecursion.of(network("conv(b=0.2,train=false) relu conv(train=false) relu gap dense(b=0.1)"));
        KernelPair kernels = recursion.evaluate(image(4), image(5));
        assertThat(kernels.ntk()).isEqualTo(kernels.nngp());
    }

    @Test
    void networkWithoutTrainedLayersHasNoTangentKernel() {
        CntkRecursion recursion = CntkRecursion.of(network("conv(train=false) relu gap dense(train=false)"));
        assertThat(recursion.evaluate(image(4), image(5)).ntk()).isEqualTo(0);
    }

    @Test
    void smallImagesScaleExactlyFarBelowTheRangeOfProductsOfVariances() {
        CntkRecursion recursion = CntkRecursion.of(network("(conv relu)x2 gap dense"));
        double[] tiny = image(6);
        for (int e = 0; e < tiny.length; e++) {
            tiny[e] *= 0x1p-400;
        }
        KernelPair plain = recursion.evaluate(image(6), image(6));
        assertThat(recursion.evaluate(tiny, tiny).ntk() * 0x1p800).isCloseTo(plain.ntk(), within(1e-13));
    }

    @Test
    void anImageOfAnotherSizeIsRefused() {
        CntkRecursion recursion = CntkRecursion.of(network("conv gap"));
        assertThatThrownBy(() -> recursion.prepare(new double[5])).isInstanceOf(IllegalArgumentException.class);
    }

    private static Network network(String text) {
        return ArchitectureParser.network(text, SHAPE);
    }

    private static double[] image(long seed) {
        double[] values = new double[SHAPE.values()];
        RandomImages.of(1, SHAPE, seed).read(0, values);
        return values;
    }
}

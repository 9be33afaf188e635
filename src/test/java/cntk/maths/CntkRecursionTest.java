package cntk.maths;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.dataset.ImageShape;
import cntk.support.RandomImages;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

    /** A stride leaves out what the same layer with stride 1 computes in between; maths.md eq. 18. */
    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
                7x9; conv(stride=2,b=0.1) relu gap dense; conv(b=0.1) avgpool(k=1,stride=2) relu gap dense
                9x7; conv(k=7,stride=2) relu flatten; conv(k=7) avgpool(k=1,stride=2) relu flatten
                8x6; conv(stride=2,pad=valid) relu conv relu gap; conv(pad=valid) avgpool(k=1,stride=2) relu conv relu gap
                8x6; conv(k=1,stride=2) relu gap; conv(k=1) avgpool(k=1,stride=2,pad=circular) relu gap
                8x6; conv avgpool(k=2,stride=2,pad=circular) relu gap; conv avgpool relu gap
                9x7; conv relu avgpool(k=3,stride=2,pad=zero) flatten; conv relu lap(c=1) avgpool(k=1,stride=2) flatten
                9x7; conv relu avgpool(k=3,stride=2) conv relu gap; conv relu avgpool(k=3,stride=1) avgpool(k=1,stride=2) conv relu gap
                8x6; conv(w=1) relu avgpool(k=2,stride=1,pad=circular) gap; conv(w=1) relu gap
                """)
    void networksThatAreTheSameHaveTheSameKernels(String size, String text, String same) {
        ImageShape shape = shape(size);
        double[] x = image(shape, 7);
        double[] z = image(shape, 8);
        KernelPair expected =
                CntkRecursion.of(ArchitectureParser.network(same, shape)).evaluate(x, z);
        KernelPair actual =
                CntkRecursion.of(ArchitectureParser.network(text, shape)).evaluate(x, z);
        assertThat(actual.nngp()).as(text).isCloseTo(expected.nngp(), within(1e-14));
        assertThat(actual.ntk()).as(text).isCloseTo(expected.ntk(), within(1e-14));
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
                6x4; conv residual(conv(w=0.6)) relu gap; conv(w=1.4142135623730951) residual(conv(w=0.6) | identity) relu gap
                6x4; conv residual(identity conv | conv) relu gap dense; conv conv(w=2) relu gap dense
                6x4; conv leakyrelu(a=0) conv leakyrelu(a=-1) gap; conv relu conv abs gap
                6x4; conv leakyrelu(a=1) conv identity gap; conv conv gap
                6x4; conv identity relu gap dense residual(relu dense | relu dense) erf; conv relu gap dense relu dense(w=1.4142135623730951) erf
                """)
    void waysToWriteTheSameNetworkHaveTheSameNngpKernel(String size, String text, String same) {
        ImageShape shape = shape(size);
        double[] x = image(shape, 7);
        double[] z = image(shape, 8);
        double expected = CntkRecursion.of(ArchitectureParser.network(same, shape))
                .evaluate(x, z)
                .nngp();
        double actual = CntkRecursion.of(ArchitectureParser.network(text, shape))
                .evaluate(x, z)
                .nngp();
        assertThat(actual).as(text).isCloseTo(expected, within(1e-14 * Math.abs(expected)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "conv(b=0.1) abs lap(c=1) conv leakyrelu avgpool flatten dense",
                "conv erf residual(conv gelu conv(stride=1) | conv) relu gap dense sin dense rbf",
                "conv(pad=circular) gelu avgpool(k=3,stride=1,pad=circular) conv rbf gap dense gelu"
            })
    void zeroAndOneHotImagesHaveFiniteKernels(String text) {
        ImageShape shape = new ImageShape(2, 4, 6);
        CntkRecursion recursion = CntkRecursion.of(ArchitectureParser.network(text, shape));
        double[] zero = new double[shape.values()];
        double[] oneHot = new double[shape.values()];
        oneHot[5] = 1;
        double[] negative = new double[shape.values()];
        negative[5] = -1;
        for (double[] x : List.of(zero, oneHot, negative)) {
            for (double[] z : List.of(zero, oneHot, negative, image(shape, 3))) {
                KernelPair kernels = recursion.evaluate(x, z);
                assertThat(kernels.nngp()).isFinite();
                assertThat(kernels.ntk()).isFinite();
                KernelPair mirrored = recursion.evaluate(z, x);
                assertThat(mirrored.ntk()).isCloseTo(kernels.ntk(), within(1e-13));
            }
        }
    }

    @Test
    void normalisedKernelsHaveUnitDiagonalAndNoTangent() {
        ImageShape shape = new ImageShape(3, 8, 8);
        CntkRecursion recursion = CntkRecursion.of(ArchitectureParser.network("myrtle5(style=shankar)", shape));
        double[] x = image(shape, 1);
        assertThat(recursion.evaluate(x, x).nngp()).isEqualTo(1);
        assertThat(recursion.evaluate(x, image(shape, 2)).nngp()).isBetween(0.0, 1.0);
        assertThat(recursion.evaluate(x, x).ntk()).isNaN();
    }

    @Test
    void anImageOfAnotherSizeIsRefused() {
        CntkRecursion recursion = CntkRecursion.of(network("conv gap"));
        assertThatThrownBy(() -> recursion.prepare(new double[5])).isInstanceOf(IllegalArgumentException.class);
    }

    private static Network network(String text) {
        return ArchitectureParser.network(text, SHAPE);
    }

    private static ImageShape shape(String size) {
        String[] sides = size.split("x");
        return new ImageShape(2, Integer.parseInt(sides[0]), Integer.parseInt(sides[1]));
    }

    private static double[] image(long seed) {
        return image(SHAPE, seed);
    }

    private static double[] image(ImageShape shape, long seed) {
        double[] values = new double[shape.values()];
        RandomImages.of(1, shape, seed).read(0, values);
        return values;
    }
}

package cntk.backend;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.backend.cpu.CpuBackend;
import cntk.dataset.ImageSet;
import cntk.dataset.ImageShape;
import cntk.plan.KernelKind;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import cntk.plan.Tile;
import cntk.support.RandomImages;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The row loops of every non-linearity but the plain ReLU against the oracle: deep, on singular images, and far from 1. */
class CpuBackendNonlinearitiesTest {
    private static final ImageShape SHAPE = new ImageShape(2, 6, 6);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "erf",
                "gelu",
                "leakyrelu(0.2)",
                "leakyrelu(-0.3)",
                "abs",
                "sin",
                "rbf(0.5)",
                "gaussian",
                "reluproject"
            })
    void deepNetworksAgreeWithTheOracle(String word) throws InterruptedException {
        ImageSet images = RandomImages.of(4, SHAPE, 51);
        for (String readout : List.of("flatten", "gap")) {
            assertAgree("(conv " + word + ")x11 " + readout + " dense", images, 1e-6, 1e-12);
            // rbf(0.5) doubles every difference in every layer: 21 of them make 1e-10 of a rounding, in the oracle as
            // well
            String deep = word.replace("rbf(0.5)", "rbf(0.2)");
            // |x| drives correlations to 1, where a rounding of S weighs twice as much as in a ReLU's slope: 2.8e-6
            // under flatten; not the polynomial's doing: one of degree 7, good to 1e-8, leaves it where it is
            assertAgree(
                    "(conv " + deep + ")x21 " + readout + " dense", images, word.equals("abs") ? 4e-6 : 2e-6, 1e-12);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "erf",
                "gelu",
                "leakyrelu(0.2)",
                "leakyrelu(-0.3)",
                "abs",
                "sin",
                "rbf(0.5)",
                "gaussian",
                "reluproject"
            })
    void singularImagesAgreeWithTheOracle(String word) throws InterruptedException {
        for (String network : List.of(
                "(conv " + word + ")x3 flatten dense",
                "(conv(b=0.3) " + word + ")x3 gap dense",
                "conv " + word + " avgpool conv " + word + " gap dense")) {
            // |x| bends twice as much as a ReLU, whose k0 is off by 1e-8 in the oracle where 3 x meets x
            assertAgree(network, singularImages(), 3e-4, word.equals("abs") ? 2e-8 : 1e-8);
        }
    }

    /** Variances of 1e-12 and 1e16: squares and reciprocals of the units have to stay in range. */
    @ParameterizedTest
    @ValueSource(strings = {"erf", "gelu", "leakyrelu(0.2)", "abs", "sin", "gaussian"})
    void largeAndSmallVariancesStayInRange(String word) throws InterruptedException {
        ImageSet images = RandomImages.of(4, SHAPE, 52);
        assertAgree("(conv(w=1e-3) relu)x2 conv " + word + " conv relu gap dense", images, 1e-5, 1e-12);
        if (!word.equals("sin")) { // waves of many periods are 0 to every digit
            assertAgree("(conv(w=100) relu)x4 conv " + word + " conv relu gap dense", images, 1e-5, 1e-10);
        }
        assertAgree("(conv relu)x20 conv " + word + " conv relu gap dense", images, 1e-4, 1e-10);
    }

    private static ImageSet singularImages() {
        double[][] values = new double[8][SHAPE.values()];
        RandomImages.of(1, SHAPE, 53).read(0, values[0]);
        double[] factors = {1, 1, 2, 3, -1};
        for (int image = 1; image < factors.length; image++) {
            for (int at = 0; at < SHAPE.values(); at++) {
                values[image][at] = factors[image] * values[0][at];
            }
        }
        Arrays.fill(values[5], 0.7);
        values[6][9] = 1;
        return ImageSet.ofValues("singular", SHAPE, values); // the last one all zero
    }

    private static void assertAgree(String text, ImageSet images, double f32, double f64) throws InterruptedException {
        Network network = ArchitectureParser.network(text, images.shape());
        for (KernelKind kind : KernelKind.values()) {
            if (kind == KernelKind.NTK && network.layerWithoutTangent().isPresent()) {
                continue;
            }
            KernelTask task = KernelTask.of(network, kind);
            double[] exact = matrix(new OracleBackend(task, 1), images);
            double largest = Arrays.stream(exact).map(Math::abs).max().orElseThrow();
            for (Precision precision : Precision.values()) {
                double[] actual = matrix(new CpuBackend(task, precision, 1), images);
                double tolerance = precision == Precision.F32 ? f32 : f64;
                for (int e = 0; e < exact.length; e++) {
                    // odd functions sum terms of both signs: they keep the absolute error of their terms (1.4e-8 of the
                    // largest)
                    double scale = Math.max(Math.abs(exact[e]), 0.05 * largest);
                    assertThat(actual[e])
                            .as("%s %s %s entry %d", text, kind, precision, e)
                            .isFinite();
                    assertThat(Math.abs(actual[e] - exact[e]) / scale)
                            .as("%s %s %s entry %d: %s for %s", text, kind, precision, e, actual[e], exact[e])
                            .isLessThanOrEqualTo(tolerance);
                }
            }
        }
    }

    private static double[] matrix(KernelBackend backend, ImageSet images) throws InterruptedException {
        try (backend) {
            double[] out = new double[images.count() * images.count()];
            backend.open(images, images).getFirst().compute(new Tile(0, 0, 0, images.count(), 0, images.count()), out);
            return out;
        }
    }
}

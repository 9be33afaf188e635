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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sizes that fill the lanes, miss them by one, or need many groups of them, against the oracle. */
class CpuBackendSizesTest {
    @ParameterizedTest(name = "{0} on {1}x{2}x{3}")
    @CsvSource({
        "(conv relu)x2 gap dense, 3, 32, 32",
        "(conv relu)x2 gap dense, 1, 28, 28",
        "(conv relu)x2 gap dense, 3, 31, 33",
        "(conv relu)x2 gap dense, 2, 33, 31",
        "(conv(b=0.2) relu)x2 gap dense, 1, 9, 64",
        "(conv(pad=circular) relu)x2 gap dense, 1, 5, 48",
        "(conv(pad=circular;b=0.1) relu)x2 gap dense, 2, 17, 16",
        "conv(k=5) relu conv(train=false) relu conv(k=1) relu gap dense, 2, 17, 32",
        "conv(k=5;pad=circular) relu conv(train=false) conv relu gap, 1, 16, 15",
        "(conv relu)x5 flatten dense, 3, 96, 96",
        "(conv(b=0.3) relu)x5 flatten dense, 1, 63, 65",
        "conv(k=5;b=0.1) relu (conv(pad=circular) relu)x3 flatten dense, 2, 1, 40",
        "fc(depth=4;b=0.1), 3072, 1, 1"
    })
    void planesAgreeWithTheOracle(String text, int channels, int height, int width) throws InterruptedException {
        ImageShape shape = new ImageShape(channels, height, width);
        Network network = ArchitectureParser.network(text.replace(';', ','), shape);
        ImageSet images = RandomImages.of(2, shape, 31);
        for (KernelKind kind : KernelKind.values()) {
            double[] exact = matrix(new OracleBackend(KernelTask.of(network, kind), 1), images);
            for (Precision precision : Precision.values()) {
                double[] actual = matrix(new CpuBackend(KernelTask.of(network, kind), precision, 1), images);
                for (int e = 0; e < exact.length; e++) {
                    assertThat(Math.abs(actual[e] / exact[e] - 1))
                            .as("%s %s entry %d: %s for %s", kind, precision, e, actual[e], exact[e])
                            .isLessThanOrEqualTo(precision == Precision.F32 ? 1e-6 : 1e-12);
                }
            }
        }
    }

    /** S grows 9-fold a layer: unscaled, 60 layers would leave the range of a float by 1e20. */
    @Test
    void deepNetworksStayInRange() throws InterruptedException {
        ImageShape shape = new ImageShape(3, 6, 6);
        ImageSet images = RandomImages.of(3, shape, 32);
        for (String text : new String[] {
            "(conv relu)x60 flatten dense",
            "(conv(b=0.5) relu)x60 gap dense",
            "(conv(w=3) relu)x60 flatten dense",
            "(conv(w=0.01,b=1) relu)x40 gap dense",
            "conv(w=0,b=0.7) relu (conv relu)x3 gap dense"
        }) {
            Network network = ArchitectureParser.network(text, shape);
            double[] exact = matrix(new OracleBackend(KernelTask.of(network, KernelKind.NTK), 1), images);
            double[] f64 = matrix(new CpuBackend(KernelTask.of(network, KernelKind.NTK), Precision.F64, 1), images);
            double[] f32 = matrix(new CpuBackend(KernelTask.of(network, KernelKind.NTK), Precision.F32, 1), images);
            for (int e = 0; e < exact.length; e++) {
                // depth and bias press c towards 1, where acos loses half the digits (2e-11 seen in f64)
                assertThat(Math.abs(f64[e] / exact[e] - 1))
                        .as("%s: %s for %s", text, f64[e], exact[e])
                        .isLessThanOrEqualTo(1e-10);
                assertThat(Math.abs(f32[e] / exact[e] - 1))
                        .as("%s: %s for %s", text, f32[e], exact[e])
                        .isLessThanOrEqualTo(1e-4);
            }
        }
    }

    /** The power of two that brings the images into range must not reach the result. */
    @Test
    void bitsDoNotDependOnTheOtherImages() throws InterruptedException {
        ImageShape shape = new ImageShape(2, 7, 7);
        Network network = ArchitectureParser.network("(conv(b=0.1) relu)x3 gap dense", shape);
        ImageSet images = RandomImages.of(3, shape, 33);
        double[][] values = new double[4][shape.values()];
        for (int image = 0; image < 3; image++) {
            images.read(image, values[image]);
        }
        for (int at = 0; at < shape.values(); at++) {
            values[3][at] = 1000 * values[0][at];
        }
        ImageSet withBright = ImageSet.ofValues("with a bright one", shape, values);
        for (Precision precision : Precision.values()) {
            double[] alone = matrix(new CpuBackend(KernelTask.of(network, KernelKind.NTK), precision, 1), images);
            double[] together =
                    matrix(new CpuBackend(KernelTask.of(network, KernelKind.NTK), precision, 1), withBright);
            for (int row = 0; row < 3; row++) {
                for (int col = 0; col < 3; col++) {
                    assertThat(together[row * 4 + col]).isEqualTo(alone[row * 3 + col]);
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

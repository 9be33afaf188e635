package cntk.backend;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.arch.Network;
import cntk.dataset.ImageSet;
import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import cntk.plan.KernelKind;
import cntk.plan.KernelTask;
import cntk.support.CoveredGolden;
import cntk.support.GoldenCase;
import cntk.support.RandomImages;
import java.util.List;
import org.junit.jupiter.api.Test;

class OracleBackendTest extends TileBackendContract {
    @Override
    KernelBackend backend(Network network, KernelKind kind, int threads) {
        return new OracleBackend(KernelTask.of(network, kind), threads);
    }

    @Override
    double tolerance() {
        return 1e-13; // some ten roundings per layer
    }

    @Override
    double goldenTolerance(GoldenCase golden) {
        return CoveredGolden.f64Tolerance(golden);
    }

    /** The large files are GoldenOracleTest's: a gap pair at 32x32 takes a second. */
    @Override
    List<GoldenCase> goldenCases() {
        return CoveredGolden.all().stream()
                .filter(golden -> golden.shape().pixels() <= 64)
                .toList();
    }

    @Test
    void imagesOfAnotherShapeAreRefused() {
        ImageSet images = RandomImages.of(2, new ImageShape(3, 4, 4), 1);
        Network network = network("conv gap", new ImageShape(3, 4, 5));
        assertThatThrownBy(() -> new OracleBackend(KernelTask.of(network, KernelKind.NTK), 1).open(images, images))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("3x4x4")
                .hasMessageContaining("3x4x5");
    }
}

package cntk.backend;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import cntk.plan.KernelKind;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a backend cannot compute it refuses by the layer's name, before anything is computed. */
class BackendLayersTest {
    private static final ImageShape SHAPE = new ImageShape(3, 8, 8);

    @Test
    void planesThatDoNotFitTheMemoryAreRefusedWithTheNumbers() {
        Network network = ArchitectureParser.network("conv(pad=valid) relu conv relu gap", new ImageShape(3, 96, 96));
        assertThatThrownBy(() ->
                        Backends.pick(Backends.Choice.CPU, KernelTask.of(network, KernelKind.NTK), Precision.F32, 2))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("10.6 GB on each of 2 threads")
                .hasMessageContaining("hint: fewer --threads");
    }

    @ParameterizedTest
    @EnumSource(value = Backends.Choice.class, mode = EnumSource.Mode.EXCLUDE, names = "CUDA") // no device here
    void aNetworkWithoutTangentKernelIsRefusedByLayer(Backends.Choice choice) {
        Network network = ArchitectureParser.network("conv relu gap reluproject", SHAPE);
        assertThatThrownBy(() -> Backends.pick(choice, KernelTask.of(network, KernelKind.NTK), Precision.F64, 1))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("layer 4 'reluproject' has no tangent kernel")
                .hasMessageContaining("--kind nngp");
        Backends.pick(choice, KernelTask.of(network, KernelKind.NNGP), Precision.F64, 1)
                .backend()
                .close();
    }
}

package cntk.backend;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import cntk.plan.KernelKind;
import cntk.plan.Precision;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What a backend cannot compute it refuses by the layer's name, before anything is computed. */
class BackendLayersTest {
    private static final ImageShape SHAPE = new ImageShape(3, 8, 8);

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
                conv relu avgpool conv relu gap     ; layer 3: the cpu backend does not compute avgpool yet
                conv relu lap(c=1) flatten          ; layer 3: the cpu backend does not compute lap(c=1) yet
                conv relu conv(stride=2) relu gap   ; layer 3: the cpu backend does not compute conv(stride=2) yet
                conv(pad=valid) relu gap            ; layer 1: the cpu backend does not compute conv(pad=valid) yet
                conv erf gap                        ; layer 2: the cpu backend does not compute erf yet
                conv residual(relu conv) relu gap   ; layer 2: the cpu backend does not compute residual(relu conv) yet
                """)
    void theCpuBackendNamesTheLayerAndAlternative(String text, String message) {
        Network network = ArchitectureParser.network(text, SHAPE);
        for (Backends.Choice choice : new Backends.Choice[] {Backends.Choice.AUTO, Backends.Choice.CPU}) {
            assertThatThrownBy(() -> Backends.pick(choice, network, KernelKind.NTK, Precision.F32, 1))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining(message)
                    .hasMessageContaining("--backend oracle");
        }
    }

    @ParameterizedTest
    @EnumSource(Backends.Choice.class)
    void aNetworkWithoutTangentKernelIsRefusedByLayer(Backends.Choice choice) {
        Network network = ArchitectureParser.network("conv relu gap reluproject", SHAPE);
        assertThatThrownBy(() -> Backends.pick(choice, network, KernelKind.NTK, Precision.F64, 1))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("layer 4 'reluproject' has no tangent kernel")
                .hasMessageContaining("--kind nngp");
        Backends.pick(choice, network, KernelKind.NNGP, Precision.F64, 1)
                .backend()
                .close();
    }
}

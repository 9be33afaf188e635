package cntk.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.backend.cuda.CudaDriver;
import cntk.dataset.ImageShape;
import cntk.plan.KernelKind;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackendsTest {
    private static final Network NETWORK = ArchitectureParser.network("conv relu gap", new ImageShape(1, 3, 3));

    @ParameterizedTest
    @CsvSource({"AUTO,F32,cpu,auto", "CPU,F64,cpu,asked for", "ORACLE,F64,oracle,asked for"})
    void theChoiceIsTakenAndTheReasonGiven(Backends.Choice choice, Precision precision, String name, String reason) {
        Backends.Picked picked = Backends.pick(choice, KernelTask.of(NETWORK, KernelKind.NTK), precision, 2);
        try (KernelBackend backend = picked.backend()) {
            assertThat(backend.name()).isEqualTo(name);
            assertThat(picked.reason()).contains(reason);
        }
    }

    /** Tests beside those on virtual GPUs see no device: the build hides those of the machine. */
    @Test
    void aForcedCudaBackendWithoutADeviceIsAnErrorWithTheReason() {
        assertThatThrownBy(() -> DeviceSet.of(Backends.Choice.CUDA))
                .isInstanceOf(BackendUnavailableException.class)
                .hasMessageStartingWith("the cuda backend cannot start: ")
                .hasMessageContaining(CudaDriver.find().absence().orElseThrow());
    }

    @Test
    void autoWithoutADeviceIsTheCpuAndSaysWhatIsMissing() {
        DeviceSet decision = DeviceSet.of(Backends.Choice.AUTO);
        assertThat(decision.backend()).isEqualTo("cpu");
        assertThat(decision.reason())
                .startsWith("picked by auto: ")
                .contains(CudaDriver.find()
                        .absence()
                        .orElseThrow()
                        .lines()
                        .findFirst()
                        .orElseThrow());
    }

    @Test
    void theOracleHasDoublesOnly() {
        assertThat(Backends.Choice.ORACLE.precision(Precision.F32)).isEqualTo(Precision.F64);
        assertThat(Backends.Choice.AUTO.precision(Precision.F32)).isEqualTo(Precision.F32);
        assertThatThrownBy(() ->
                        Backends.pick(Backends.Choice.ORACLE, KernelTask.of(NETWORK, KernelKind.NTK), Precision.F32, 1))
                .hasMessageContaining("f64 only");
    }
}

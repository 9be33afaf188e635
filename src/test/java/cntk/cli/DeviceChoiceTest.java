package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.backend.Backends.Choice;
import cntk.backend.DeviceSet;
import cntk.backend.cuda.CudaDeviceInfo;
import cntk.backend.cuda.CudaDriver;
import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import cntk.plan.Precision;
import cntk.support.VirtualGpuTest;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code --devices} on a machine with four (virtual) GPUs. */
@VirtualGpuTest
class DeviceChoiceTest {
    private final CudaDriver driver = CudaDriver.find();

    private DeviceChoice choice(Choice backend, String devices) {
        return DeviceChoice.of(backend, Optional.of(devices), driver);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "all     | 0 1 2 3 | false | cuda",
                "0,2     | 0 2     | false | cuda",
                "3,0     | 3 0     | false | cuda",
                "1       | 1       | false | cuda",
                "all+cpu | 0 1 2 3 | true  | cuda+cpu",
                "1,3+cpu | 1 3     | true  | cuda+cpu",
                "cpu     | ''      | true  | cpu",
            })
    void listIsReadAsWritten(String words, String gpus, boolean cpu, String backend) {
        DeviceChoice choice = choice(Choice.AUTO, words);
        DeviceSet kernel = choice.kernel();
        assertThat(String.join(
                        " ",
                        kernel.gpus().stream()
                                .map(gpu -> Integer.toString(gpu.index()))
                                .toList()))
                .isEqualTo(gpus);
        assertThat(choice.solver()).isEqualTo(kernel.gpus());
        assertThat(kernel.cpu()).isEqualTo(cpu);
        assertThat(kernel.backend()).isEqualTo(backend);
        assertThat(kernel.mixed()).isEqualTo(backend.contains("+"));
        assertThat(kernel.reason()).isEqualTo("asked for");
    }

    @Test
    void withoutListTheBackendDecides() {
        DeviceChoice auto = DeviceChoice.of(Choice.AUTO, Optional.empty(), driver);
        assertThat(auto.kernel().gpus()).hasSize(4);
        assertThat(auto.kernel().reason()).isEqualTo("picked by auto: 4 CUDA devices start");
        assertThat(DeviceChoice.of(Choice.CUDA, Optional.empty(), driver)
                        .kernel()
                        .backend())
                .isEqualTo("cuda");
        DeviceChoice cpu = DeviceChoice.of(Choice.CPU, Optional.empty(), driver);
        assertThat(cpu.kernel().backend()).isEqualTo("cpu");
        assertThat(cpu.solver()).extracting(CudaDeviceInfo::index).containsExactly(0, 1, 2, 3);
        assertThat(DeviceChoice.of(Choice.ORACLE, Optional.empty(), driver)
                        .kernel()
                        .backend())
                .isEqualTo("oracle");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "0,", ",0", "0 2", "-1", "cpu+all", "all,0", "0+gpu", "ALL"})
    void whatIsNoListIsRefusedWithTheDevices(String words) {
        assertThatThrownBy(() -> choice(Choice.AUTO, words))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("'" + words + "'", "0,2, or all, all+cpu or cpu", "3 (Virtual GPU 3 (CPU))");
    }

    @Test
    void unknownAndRepeatedDevicesAreNamed() {
        assertThatThrownBy(() -> choice(Choice.AUTO, "0,7"))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("there is no GPU 7", "0 (Virtual GPU 0 (CPU)), 1 (", "3 (Virtual GPU 3");
        assertThatThrownBy(() -> choice(Choice.AUTO, "1,0,1"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("names GPU 1 twice");
    }

    @ParameterizedTest
    @CsvSource({"CPU, all", "CPU, all+cpu", "CUDA, cpu", "CUDA, 0+cpu", "ORACLE, cpu", "ORACLE, 0"})
    void backendAndDevicesThatContradictEachOtherAreRefused(Choice backend, String words) {
        assertThatThrownBy(() -> choice(backend, words))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("--backend " + backend.word(), "--devices " + words, "contradict");
        assertThat(choice(Choice.CUDA, "2").kernel().gpus()).hasSize(1);
        assertThat(choice(Choice.CPU, "cpu").kernel().cpu()).isTrue();
    }

    @Test
    void unknownDeviceOnTheCommandLineIsBadInput() {
        CommandRun run = CommandRun.of("run", "--devices", "9");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains("there is no GPU 9");
    }

    @Test
    void tilesAreLargerWhereGpusComputeThemAndTheSameForAnyNumberOfGpus() {
        assertThat(nanos("0")).isEqualTo(nanos("all")).isLessThan(nanos("0+cpu"));
        assertThat(nanos("0+cpu")).isLessThan(nanos("cpu"));
    }

    private double nanos(String devices) {
        Network network = ArchitectureParser.network("cntk(depth=6,readout=gap)", new ImageShape(3, 32, 32));
        return choice(Choice.AUTO, devices).kernel().nanosPerPair(network, Precision.F32);
    }
}

package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.support.VirtualGpu;
import cntk.support.VirtualGpuTest;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@VirtualGpuTest
class BenchGpuOnVirtualGpusTest {
    private final ObjectMapper mapper = new ObjectMapper();

    @Test
    void everyFieldIsThereAndTheTimesAreCalledMeaningless(@TempDir Path folder) throws IOException {
        CommandRun run = CommandRun.of(
                "bench",
                "gpu",
                "--arch",
                "conv relu gap dense",
                "--shape",
                "2x8x8",
                "--solver-sizes",
                "60,30000",
                "--out",
                folder.toString(),
                "--json");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.err()).contains("mean nothing");
        JsonNode json = mapper.readTree(run.out());
        assertThat(json.path("gpu").path("virtual").booleanValue()).isTrue();
        assertThat(json.path("note").textValue()).contains("mean nothing");
        JsonNode kernel = json.path("kernels").path(0);
        for (String field :
                List.of("us_per_pair", "pairs_per_second", "element_layers_per_second", "cpu_us_per_pair_one_thread")) {
            assertThat(kernel.path(field).doubleValue()).as(field).isPositive();
        }
        assertThat(kernel.path("fp32_peak_share").isNull()).isTrue();
        assertThat(kernel.path("largest_relative_difference_from_cpu").doubleValue())
                .isLessThan(2e-6);
        assertThat(json.path("solver").path(0).path("factor_seconds").doubleValue())
                .isPositive();
        assertThat(json.path("solver").path(1).path("skipped").textValue()).contains("GiB of device memory");
        assertThat(json.path("machine").path("processors").intValue()).isPositive();
        try (Stream<Path> files = Files.walk(folder)) {
            assertThat(files.filter(Files::isRegularFile))
                    .singleElement()
                    .satisfies(
                            file -> assertThat(mapper.readTree(file.toFile())).isEqualTo(json));
        }
    }

    @Test
    void textNamesTheDeviceAndLeavesNoFile() {
        CommandRun run = CommandRun.of(
                "bench",
                "gpu",
                "--device",
                "2",
                "--arch",
                "conv relu flatten",
                "--shape",
                "1x4x4",
                "--solver-sizes",
                "0");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out())
                .contains("cuda/2 Virtual GPU 2 (CPU)", "CUDA events", "largest relative difference")
                .doesNotContain("cusolver");
        assertThat(run.err()).contains("no file of results");
    }

    @Test
    void deviceThatIsNotThereIsRefused() {
        CommandRun run = CommandRun.of("bench", "gpu", "--device", "9");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("--device is 9, but this machine has devices 0 to 3");
    }

    @Test
    void lostDeviceFailsTheSelfTestCheckByCheckAndEndsWithOne() {
        VirtualGpu.fault("context:error=unknown,times=always");
        CommandRun run = CommandRun.of("bench", "gpu", "--selftest", "--json");
        assertThat(run.code()).as(run.err()).isEqualTo(1);
        JsonNode json = tree(run.out());
        assertThat(json.path("passed").booleanValue()).isFalse();
        for (JsonNode check : json.path("checks")) {
            assertThat(check.path("outcome").textValue()).isIn("failed", "skipped");
        }
    }

    private JsonNode tree(String text) {
        try {
            return mapper.readTree(text);
        } catch (IOException notJson) {
            throw new AssertionError(text, notJson);
        }
    }
}

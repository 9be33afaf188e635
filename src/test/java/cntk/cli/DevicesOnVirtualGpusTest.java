package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.support.VirtualGpu;
import cntk.support.VirtualGpuTest;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

@VirtualGpuTest
class DevicesOnVirtualGpusTest {
    @Test
    void everyDeviceHasItsFactsAndItsKernels() throws Exception {
        JsonNode json =
                new ObjectMapper().readTree(CommandRun.of("devices", "--json").out());
        assertThat(json.path("cuda_absence").isNull()).isTrue();
        assertThat(json.path("cuda")).hasSize(VirtualGpu.DEVICES);
        JsonNode last = json.path("cuda").get(VirtualGpu.DEVICES - 1);
        assertThat(last.path("device").textValue()).isEqualTo("cuda/3");
        assertThat(last.path("name").textValue()).isEqualTo("Virtual GPU 3 (CPU)");
        assertThat(last.path("compute_capability").textValue()).isEqualTo("9.0");
        assertThat(last.path("memory_bytes").longValue()).isEqualTo(512L << 20);
        assertThat(last.path("driver").textValue()).isEqualTo("CUDA 12.6");
        assertThat(last.path("kernel_image").textValue()).isIn("machine_code", "nvrtc");
    }

    @Test
    void listForPeopleNamesEachDeviceOnce() {
        String out = CommandRun.of("devices").out();
        for (int device = 0; device < VirtualGpu.DEVICES; device++) {
            assertThat(out).containsOnlyOnce("cuda/" + device);
        }
        assertThat(out).contains("0.5 GiB", "kernels: ").doesNotContain("none");
    }
}

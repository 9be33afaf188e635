package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

/** In the ordinary JVM, where there may be a GPU or none. */
class DevicesCommandTest {
    @Test
    void cpuIsListedAndAMissingGpuHasAReason() {
        CommandRun run = CommandRun.of("devices");
        assertThat(run.code()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out().lines().filter(line -> line.startsWith("cuda")))
                .isNotEmpty()
                .allSatisfy(line -> assertThat(line).matches("cuda/\\d+ .*compute capability.*|cuda     none: .+"));
        assertThat(run.out().lines().toList().getLast()).matches("cpu {6}.+: \\d+ processors?, .+");
    }

    @Test
    void jsonSaysTheSame() throws Exception {
        CommandRun run = CommandRun.of("devices", "--json");
        JsonNode json = new ObjectMapper().readTree(run.out());
        assertThat(run.code()).isZero();
        assertThat(json.path("cuda").isArray()).isTrue();
        assertThat(json.path("cuda").isEmpty())
                .isEqualTo(json.path("cuda_absence").isTextual());
        assertThat(json.path("cpu").path("processors").intValue())
                .isEqualTo(Runtime.getRuntime().availableProcessors());
    }
}

package cntk.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchmarkFileTest {
    @Test
    void dateMachineAndTimeNameTheFile(@TempDir Path folder) {
        LocalDateTime time = LocalDateTime.of(2026, 11, 22, 6, 7, 8);
        Path file = BenchmarkFile.write(folder, "NVIDIA H100 80GB (HBM3)", "gpu", time, Map.of("us", 12.5));
        assertThat(folder.relativize(file)).hasToString("2026-11-22-nvidia-h100-80gb-hbm3/gpu-060708.json");
        assertThat(file).content().contains("\"us\" : 12.5").endsWith("}\n");
    }
}

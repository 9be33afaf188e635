package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.dataset.NpyType;
import cntk.dataset.NpyWriter;
import cntk.support.VirtualGpuTest;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands on four virtual GPUs. */
@VirtualGpuTest
class CudaCommandsTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"f32", "f64"})
    void aRunHasTheAccuracyOfTheCpuBackend(String precision) throws IOException {
        JsonNode cuda = run("cuda", precision);
        JsonNode cpu = run("cpu", precision);
        assertThat(cuda.path("backend").textValue()).isEqualTo("cuda");
        assertThat(cuda.path("accuracy").doubleValue())
                .isEqualTo(cpu.path("accuracy").doubleValue())
                .isPositive();
    }

    private JsonNode run(String backend, String precision) throws IOException {
        CommandRun run = CommandRun.of(
                "run",
                "--train=30",
                "--test=20",
                "--arch=cntk(depth=3,readout=flatten)",
                "--backend=" + backend,
                "--precision=" + precision,
                "--out=" + folder.resolve(backend + precision),
                "--json");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.err()).contains("backend " + backend + " (displacement planes", "asked for");
        return new ObjectMapper().readTree(run.out());
    }

    @Test
    void autoTakesTheGpusAndSaysSo() throws IOException {
        Random random = new Random(1);
        try (NpyWriter writer = NpyWriter.open(folder.resolve("x.npy"), NpyType.F32, 5, 3, 6, 6)) {
            for (int image = 0; image < 5; image++) {
                writer.writeRow(random.doubles(108, -1, 1).toArray());
            }
            writer.commit();
        }
        CommandRun run = CommandRun.of(
                "kernel",
                "--arch=cntk(depth=3)",
                "--x=" + folder.resolve("x.npy"),
                "--out=" + folder.resolve("k.npy"),
                "--json");
        assertThat(run.code()).as(run.err()).isZero();
        JsonNode json = new ObjectMapper().readTree(run.out());
        assertThat(json.path("backend").textValue()).isEqualTo("cuda");
        assertThat(json.path("backend_reason").textValue()).isEqualTo("picked by auto: 4 CUDA devices start");
        assertThat(run.err()).contains("backend cuda", "Virtual GPU 3");
    }
}

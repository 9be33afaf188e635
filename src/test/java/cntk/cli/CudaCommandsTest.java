package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

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
    void fitOnAGpuIsThatOfTheCpu() throws IOException {
        run("cpu", "f64");
        JsonNode cuda = fit("cuda");
        JsonNode cpu = fit("cpu");
        assertThat(cuda.path("factorisation_by").textValue()).isEqualTo("cuda/0");
        assertThat(cpu.path("factorisation_by").textValue()).isEqualTo("cpu");
        assertThat(cuda.path("accuracy")).isEqualTo(cpu.path("accuracy"));
        assertThat(cuda.path("ridge").doubleValue()).isCloseTo(cpu.path("ridge").doubleValue(), withinPercentage(1e-8));
        assertThat(cuda.path("loo_mse").doubleValue())
                .isCloseTo(cpu.path("loo_mse").doubleValue(), withinPercentage(1e-8));
        assertThat(fit("pcg", 2)).contains("--solver is pcg", "expected auto, cuda or cpu");
    }

    private JsonNode fit(String solver) throws IOException {
        return new ObjectMapper().readTree(fit(solver, 0));
    }

    private String fit(String solver, int code) {
        CommandRun run = CommandRun.of(
                "fit",
                "--run=" + folder.resolve("cpuf64"),
                "--solver=" + solver,
                "--cache=" + folder.resolve(solver),
                "--out=" + folder.resolve("fit-" + solver),
                "--json");
        assertThat(run.code()).as(run.err()).isEqualTo(code);
        return code == 0 ? run.out() : run.err();
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

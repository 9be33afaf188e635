package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.dataset.Npy;
import cntk.dataset.NpyType;
import cntk.dataset.NpyWriter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/** The real launcher and jar, started from another working directory. */
class LauncherIT {
    @TempDir
    Path working;

    @Test
    void aRunPrintsOneJsonObjectAndTakesAFolderUnderRuns() throws IOException {
        Launched.Result run = Launched.run(
                working,
                Map.of("CUDA_VISIBLE_DEVICES", "-1"),
                "run",
                "--train",
                "20",
                "--test",
                "10",
                "--arch",
                "cntk(depth=3,readout=flatten)",
                "--json");
        assertThat(run.code()).as(run.err()).isZero();
        JsonNode json = new ObjectMapper().readTree(run.out());
        for (String field : List.of(
                "accuracy", "train", "test", "pairs", "kernel_seconds", "solve_seconds", "backend", "network")) {
            assertThat(json.has(field)).as(field).isTrue();
        }
        assertThat(run.err()).contains("backend cpu", "picked by auto");
        assertThat(run.err()).doesNotContain("\r", "Exception");
        try (Stream<Path> runs = Files.list(working.resolve("runs"))) {
            assertThat(runs).singleElement().satisfies(folder -> {
                assertThat(folder.getFileName().toString())
                        .endsWith(json.path("network_id").textValue());
                assertThat(folder.resolve("run.json")).exists();
            });
        }
    }

    @Test
    void aKernelGoesFromNpyToNpy() {
        Random random = new Random(1);
        try (NpyWriter writer = NpyWriter.open(working.resolve("x.npy"), NpyType.F32, 5, 3, 6, 6)) {
            for (int image = 0; image < 5; image++) {
                writer.writeRow(random.doubles(108, -1, 1).toArray());
            }
            writer.commit();
        }
        Launched.Result run =
                Launched.run(working, "kernel", "--arch", "cntk(depth=3)", "--x", "x.npy", "--out", "k.npy");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out())
                .contains("k.npy: ntk kernel", "5 x 5 float32, symmetric")
                .hasLineCount(1);
        assertThat(Npy.readMatrix(working.resolve("k.npy")).rows()).isEqualTo(5);
    }

    @Test
    @EnabledIf("virtualGpusWereBuilt")
    void virtualGpusAreListedAndCalledVirtual() {
        Launched.Result run = Launched.run(working, Map.of("CNTK_VIRTUAL_GPUS", "2"), "devices");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out())
                .contains("cuda/0   Virtual GPU 0 (CPU): compute capability 9.0", "cuda/1   Virtual GPU 1 (CPU)")
                .doesNotContain("cuda/2");
        assertThat(run.err()).contains("2 virtual GPU(s) made of the CPU").doesNotContain("leak");
    }

    @Test
    @EnabledIf("virtualGpusWereBuilt")
    void aRunOnVirtualGpusHasTheAccuracyOfTheCpuWhateverTheOrderOfThreads() throws IOException {
        double cpu = accuracy(Map.of(), "cpu");
        for (String seed : List.of("1", "2")) {
            assertThat(accuracy(Map.of("CNTK_VIRTUAL_GPUS", "1", "VGPU_SEED", seed), "cuda"))
                    .isEqualTo(cpu);
        }
    }

    private double accuracy(Map<String, String> environment, String backend) throws IOException {
        Launched.Result run = Launched.run(
                working,
                environment,
                "run",
                "--train=40",
                "--test=30",
                "--arch=cntk(depth=4,readout=flatten)",
                "--backend=" + backend,
                "--json");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.err()).contains("backend " + backend).doesNotContain("leak");
        return new ObjectMapper().readTree(run.out()).path("accuracy").doubleValue();
    }

    static boolean virtualGpusWereBuilt() {
        return Files.exists(Path.of("target/virtual-gpu/libcuda.so.1"));
    }

    @Test
    void aMisspeltOptionEndsWithTwo() {
        Launched.Result run = Launched.run(working, "run", "--trian", "5");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains("cntk: unknown option '--trian'\nhint: did you mean '--train'?");
    }

    @Test
    void theVersionIsThatOfTheBuild() {
        Launched.Result version = Launched.run(working, "--version");
        assertThat(version.code()).isZero();
        assertThat(version.out()).matches("cntk \\d+\\.\\d+\\.\\d+\\S*\n");
    }
}

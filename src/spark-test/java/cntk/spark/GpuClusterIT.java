package cntk.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Executors that get GPUs by Spark's resource scheduling; the GPUs are virtual. */
@Tag("spark")
@Timeout(400)
class GpuClusterIT {
    private static final Path TARGET = Path.of("target").toAbsolutePath();

    @TempDir
    Path folder;

    @Test
    void everyExecutorComputesOnTheGpuThatSparkGaveIt() throws Exception {
        Path driver = TARGET.resolve("virtual-gpu/libcuda.so.1");
        assumeTrue(Files.exists(driver), "no virtual GPUs: no g++");
        Map<String, String> environment = Map.of(
                "CNTK_VIRTUAL_GPUS", "2",
                "CUDA_VISIBLE_DEVICES", "0,1",
                "VGPU_MEMORY_MIB", "512",
                "VGPU_QUIET", "1",
                "XDG_CACHE_HOME", TARGET.resolve("virtual-gpu/cache").toString(),
                "LD_LIBRARY_PATH", TARGET.resolve("virtual-gpu") + ":" + TARGET.resolve("natives/lib"));
        RunFiles.run(folder, environment, words("local", "--backend", "cuda"));
        List<String> conf = List.of(
                "spark.executor.resource.gpu.amount=1",
                "spark.worker.resource.gpu.amount=1",
                "spark.worker.resource.gpu.discoveryScript=" + discoveryScript());
        SparkSubmit.Result result = SparkSubmit.run(folder, conf, environment, words("cluster"));
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.err()).contains("backend cuda", "spark.executor.resource.gpu.amount is 1");
        assertThat(RunFiles.bits(folder.resolve("cluster")))
                .isEqualTo(RunFiles.bits(folder.resolve("local")))
                .containsKeys("predictions.csv", "train/c/0/0");
        JsonNode workers = new ObjectMapper()
                .readTree(folder.resolve("cluster/run.json").toFile())
                .path("workers");
        Set<String> names = new TreeSet<>();
        workers.forEach(worker -> names.add(worker.path("name").textValue()));
        assertThat(names).isNotEmpty().allMatch(name -> name.endsWith("cuda/1"));
    }

    /** Tells a worker that it has the GPU of address 1, which is not the one that a backend would take by itself. */
    private Path discoveryScript() throws Exception {
        Path script = folder.resolve("gpus.sh");
        Files.writeString(script, "#!/bin/sh\necho '{\"name\": \"gpu\", \"addresses\": [\"1\"]}'\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        return script;
    }

    private List<String> words(String out, String... more) {
        List<String> words = new ArrayList<>(List.of(
                "run", "--train", "40", "--test", "8", "--arch", "cntk(depth=2,readout=flatten)", "--json", "--out"));
        words.add(folder.resolve(out).toString());
        words.addAll(List.of(more));
        return words;
    }
}

package cntk.spark;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code cntk run} on a cluster of two executors with one core each gives the bits of a run on this machine. */
@Tag("spark")
@Timeout(180)
class SparkRunIT {
    /** Some seconds of work in tiles of about a tenth of a second, of two networks. */
    private static final List<String> OPTIONS = List.of(
            "run", "--train", "96", "--test", "32", "--arch", "cntk(depth=3)", "--readouts", "depth=2", "--threads", "1",
            "--json");

    private static final long PAIRS = 96 * 97 / 2 + 96 * 32;

    @TempDir
    static Path folder;

    private static Map<String, String> local;

    @BeforeAll
    static void localRun() throws Exception {
        Path log = folder.resolve("local.log");
        List<String> command = new ArrayList<>(List.of(Path.of("cntk").toAbsolutePath().toString()));
        command.addAll(words("local"));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("CUDA_VISIBLE_DEVICES", "-1");
        assertThat(builder.start().waitFor()).as(Files.readString(log)).isZero();
        local = bits("local");
        assertThat(local).containsKeys("predictions.csv", "readouts/depth=2/predictions.csv", "train/c/0/0");
    }

    @Test
    void clusterGivesTheBitsOfThisMachine() throws Exception {
        try (SparkSubmit submit = SparkSubmit.start(folder, List.of(), words("cluster"))) {
            SparkSubmit.Result result = submit.await();
            assertThat(result.code()).as(result.err()).isZero();
            assertThat(computedPairs(result)).isEqualTo(PAIRS);
            assertThat(result.err()).contains("on Spark 4").contains("spark.executor.resource.gpu.amount is not set");
        }
        assertThat(bits("cluster")).isEqualTo(local);
        JsonNode record = new ObjectMapper()
                .readTree(folder.resolve("cluster/run.json").toFile());
        assertThat(record.path("workers").size()).as("both executors computed").isEqualTo(2);
    }

    @Test
    void killedExecutorCostsNoTile() throws Exception {
        try (SparkSubmit submit = SparkSubmit.start(folder, List.of(), words("executor"))) {
            awaitTiles(submit, "executor", 2);
            List<ProcessHandle> executors = submit.executors();
            assertThat(executors).isNotEmpty();
            executors.getFirst().destroyForcibly();
            SparkSubmit.Result result = submit.await();
            assertThat(result.code()).as(result.err()).isZero();
            assertThat(result.err()).contains("gets no more tiles");
        }
        assertThat(bits("executor")).isEqualTo(local);
    }

    @Test
    void killedDriverGoesOnWhereItWas() throws Exception {
        Set<String> stored;
        try (SparkSubmit submit = SparkSubmit.start(folder, List.of(), words("driver"))) {
            awaitTiles(submit, "driver", 3);
            submit.kill();
            assertThat(submit.await().code()).isEqualTo(128 + 9);
            stored = bits("driver").keySet();
        }
        assertThat(folder.resolve("driver/predictions.csv")).doesNotExist();
        try (SparkSubmit submit = SparkSubmit.start(folder, List.of(), words("driver"))) {
            SparkSubmit.Result result = submit.await();
            assertThat(result.code()).as(result.err()).isZero();
            assertThat(computedPairs(result)).isPositive().isLessThan(PAIRS);
        }
        assertThat(stored).isNotEmpty();
        assertThat(bits("driver")).isEqualTo(local);
    }

    private static long computedPairs(SparkSubmit.Result result) throws IOException {
        return new ObjectMapper().readTree(result.out()).path("computed_pairs").longValue();
    }

    private static List<String> words(String out) {
        List<String> words = new ArrayList<>(OPTIONS);
        words.addAll(List.of("--out", folder.resolve(out).toString()));
        return words;
    }

    private static void awaitTiles(SparkSubmit submit, String out, int count) throws Exception {
        while (bits(out).keySet().stream().filter(name -> name.startsWith("train/c/")).count() < count) {
            assertThat(submit.isAlive()).as("it ended before it had tiles: %s", submit.err()).isTrue();
            Thread.sleep(20);
        }
    }

    /** Content of the files that are the same in every run: tiles and predictions. */
    private static Map<String, String> bits(String out) throws IOException {
        Map<String, String> bits = new TreeMap<>();
        Path directory = folder.resolve(out);
        if (!Files.exists(directory)) {
            return bits;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = directory.relativize(file).toString();
                if ((name.contains("/c/") && !name.endsWith(".tmp")) || name.endsWith("predictions.csv")) {
                    bits.put(name, HexFormat.of().formatHex(Files.readAllBytes(file)));
                }
            }
        } catch (java.io.UncheckedIOException renamedMeanwhile) {
            return Map.of();
        }
        return bits;
    }
}

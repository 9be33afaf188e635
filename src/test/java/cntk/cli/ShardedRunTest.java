package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code cntk run --shard}: shares of one run, one after the other and at the same time. */
@Timeout(120)
class ShardedRunTest {
    private static final List<String> OPTIONS = List.of(
            "run", "--train", "90", "--test", "40", "--arch", "cntk(depth=3,readout=flatten)", "--readouts", "depth=2");

    @TempDir
    Path temporary;

    @Test
    void sequentialShardsGiveTheBitsOfAnUnshardedRun() throws IOException {
        CommandRun first = run("a", "--shard", "1/2");
        assertThat(first.code()).isZero();
        assertThat(first.out()).contains("shard 1/2 is stored");
        assertThat(first.err()).contains("tiles of other shards are missing");
        assertThat(temporary.resolve("a/predictions.csv")).doesNotExist();
        CommandRun last = run("a", "--shard", "2/2");
        assertThat(last.code()).isZero();
        assertThat(last.out()).contains("accuracy");
        assertSameAsUnsharded("a");
    }

    @Test
    void plainRunCompletesAndSolvesWhatShardsHaveLeft() throws IOException {
        assertThat(run("a", "--shard", "2/3", "--json").out())
                .contains("\"solved\" : false")
                .contains("\"2/3\"");
        assertThat(run("a").out()).contains("accuracy").contains("computed now");
        assertSameAsUnsharded("a");
    }

    @Test
    void shardsAtTheSameTimeGiveTheBitsOfAnUnshardedRun() throws Exception {
        List<Process> shards = new ArrayList<>();
        for (int index = 1; index <= 2; index++) {
            shards.add(start("a", index + "/2"));
        }
        for (Process shard : shards) {
            assertThat(shard.waitFor(100, TimeUnit.SECONDS)).isTrue();
            assertThat(shard.exitValue()).isZero();
        }
        assertThat(temporary.resolve("a/predictions.csv"))
                .as("the last one solves")
                .exists();
        assertSameAsUnsharded("a");
    }

    @Test
    void killedShardLeavesNothingThatASecondAttemptCannotFinish() throws Exception {
        Process killed = start("a", "1/2");
        Path chunks = temporary.resolve("a/train/c");
        while (!Files.exists(chunks) && killed.isAlive()) {
            Thread.sleep(5);
        }
        killed.destroyForcibly().waitFor();
        assertThat(run("a", "--shard", "2/2").code()).isZero();
        assertThat(run("a", "--shard", "1/2").out()).contains("accuracy");
        assertSameAsUnsharded("a");
    }

    @Test
    void conjugateGradientsAreLeftToTheLastShard() throws IOException {
        String[] pcg = {"--solver", "pcg", "--pcg-rank", "20", "--ridge", "0.01"};
        assertThat(run("a", with(pcg, "--shard", "2/2")).out()).contains("shard 2/2 is stored");
        assertThat(temporary.resolve("a/predictions.csv")).doesNotExist();
        CommandRun last = run("a", with(pcg, "--shard", "1/2"));
        assertThat(last.code()).as(last.err()).isZero();
        assertThat(last.out()).contains("accuracy", "iterations of conjugate gradients");
        assertThat(run("b", with(pcg, "--shard", "1/3")).code()).isZero();
        assertThat(run("b", pcg).out()).contains("accuracy");
        assertThat(run("whole", pcg).code()).isZero();
        assertSameBits("a", "whole");
        assertSameBits("b", "whole");
        assertThat(bits("whole").keySet()).contains("predictions.csv", "readouts/depth=2/predictions.csv");
    }

    private static String[] with(String[] words, String... more) {
        return Stream.of(words, more).flatMap(Stream::of).toArray(String[]::new);
    }

    @Test
    void shardNeedsASharedFolder() {
        CommandRun run = CommandRun.of("run", "--shard", "1/2");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("--out");
        assertThat(CommandRun.of("run", "--shard", "3/2", "--out", "x").err()).contains("3/2");
    }

    private CommandRun run(String folder, String... more) {
        List<String> words = words(folder);
        words.addAll(List.of(more));
        return CommandRun.of(words.toArray(String[]::new));
    }

    private List<String> words(String folder) {
        List<String> words = new ArrayList<>(OPTIONS);
        words.addAll(
                List.of("--threads", "1", "--out", temporary.resolve(folder).toString()));
        return words;
    }

    private Process start(String folder, String shard) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseParallelGC",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(words(folder));
        command.addAll(List.of("--shard", shard));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private void assertSameAsUnsharded(String folder) throws IOException {
        assertThat(run("whole").code()).isZero();
        assertSameBits(folder, "whole");
        assertThat(bits("whole").keySet())
                .hasSizeGreaterThan(20)
                .contains("predictions.csv", "readouts/depth=2/solution.bin");
    }

    private void assertSameBits(String folder, String other) throws IOException {
        Map<String, byte[]> expected = bits(other);
        Map<String, byte[]> actual = bits(folder);
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, bytes) -> assertThat(actual.get(name)).as(name).isEqualTo(bytes));
    }

    /** Matrices, coefficients and predictions. */
    private Map<String, byte[]> bits(String folder) throws IOException {
        Map<String, byte[]> bits = new TreeMap<>();
        try (Stream<Path> files = Files.walk(temporary.resolve(folder))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = temporary.resolve(folder).relativize(file).toString();
                if ((name.contains("/c/") && !name.endsWith(".tmp"))
                        || name.endsWith("predictions.csv")
                        || name.endsWith("solution.bin")) {
                    bits.put(name, Files.readAllBytes(file));
                }
            }
        }
        return bits;
    }
}

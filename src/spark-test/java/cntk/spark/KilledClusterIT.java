package cntk.spark;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Executors and drivers that are killed in the middle cost no tile and change no bit. */
@Tag("spark")
@Timeout(700)
class KilledClusterIT {
    private static final long PAIRS = 80 * 81 / 2 + 80 * 16;

    @TempDir
    static Path folder;

    private static Map<String, String> local;

    @BeforeAll
    static void localRun() throws Exception {
        RunFiles.run(folder, Map.of(), words("local"));
        local = RunFiles.bits(folder.resolve("local"));
        assertThat(local).containsKeys("predictions.csv", "train/c/0/0").hasSizeGreaterThan(15);
    }

    @Test
    void killedExecutorIsReplacedAndItsTilesComputedByOthers() throws Exception {
        try (SparkSubmit submit = SparkSubmit.start(folder, List.of(), Map.of(), words("executor"))) {
            awaitTiles(submit, "executor", 2);
            List<ProcessHandle> executors = submit.executors();
            assertThat(executors).hasSize(2);
            executors.getFirst().destroyForcibly();
            SparkSubmit.Result result = submit.await();
            assertThat(result.code()).as(result.err()).isZero();
            assertThat(result.err()).contains("gets no more tiles");
        }
        assertThat(RunFiles.bits(folder.resolve("executor"))).isEqualTo(local);
    }

    @Test
    void restartedDriverComputesOnlyWhatIsMissing() throws Exception {
        Map<String, FileTime> stored;
        try (SparkSubmit submit = SparkSubmit.start(folder, List.of(), Map.of(), words("driver"))) {
            awaitTiles(submit, "driver", 3);
            submit.kill();
            assertThat(submit.await().code()).isEqualTo(128 + 9);
            stored = times("driver");
        }
        assertThat(stored).isNotEmpty();
        assertThat(folder.resolve("driver/predictions.csv")).doesNotExist();
        SparkSubmit.Result result = SparkSubmit.run(folder, List.of(), words("driver"));
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(new ObjectMapper()
                        .readTree(result.out())
                        .path("computed_pairs")
                        .longValue())
                .isPositive()
                .isLessThan(PAIRS);
        assertThat(RunFiles.bits(folder.resolve("driver"))).isEqualTo(local);
        assertThat(times("driver")).as("finished tiles were not written again").containsAllEntriesOf(stored);
    }

    /** A gap network on one core each: several seconds of work in tiles of a tenth of a second or more. */
    private static List<String> words(String out) {
        return List.of(
                "run",
                "--train",
                "80",
                "--test",
                "16",
                "--arch",
                "cntk(depth=4)",
                "--json",
                "--out",
                folder.resolve(out).toString());
    }

    private static void awaitTiles(SparkSubmit submit, String out, int count) throws Exception {
        while (times(out).size() < count) {
            assertThat(submit.isAlive())
                    .as("it ended before it had tiles: %s", submit.err())
                    .isTrue();
            Thread.sleep(20);
        }
    }

    private static Map<String, FileTime> times(String out) throws IOException {
        Map<String, FileTime> times = new TreeMap<>();
        for (String name : RunFiles.bits(folder.resolve(out)).keySet()) {
            times.put(name, Files.getLastModifiedTime(folder.resolve(out).resolve(name)));
        }
        return times;
    }
}

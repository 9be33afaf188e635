package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that are stopped or killed in the middle give, resumed, the bits of one that was left alone. */
class StoppedRunIT {
    private static final int TERM = 15;
    private static final int INT = 2;
    private static final int SIGNALLED = 128;

    @TempDir
    static Path working;

    private static Map<String, String> undisturbed;

    @BeforeAll
    static void undisturbedRun() throws IOException {
        assertThat(Launched.run(working, words("undisturbed")).code()).isZero();
        undisturbed = files("undisturbed");
        assertThat(undisturbed).containsKey("predictions.csv").hasSizeGreaterThan(5);
    }

    @Test
    void afterKillMinusNine() throws Exception {
        try (Launched run = Launched.start(working, words("killed"))) {
            awaitFirstTile(run, "killed");
            run.kill();
            assertThat(run.await().code()).isEqualTo(SIGNALLED + 9);
        }
        resumes("killed");
    }

    @Test
    void afterCtrlC() throws Exception {
        int signal = ignoresInterrupts() ? TERM : INT;
        try (Launched run = Launched.start(working, words("stopped"))) {
            awaitFirstTile(run, "stopped");
            assertThat(new ProcessBuilder("kill", "-" + signal, Long.toString(run.pid()))
                            .start()
                            .waitFor())
                    .isZero();
            Launched.Result end = run.await();
            assertThat(end.code()).isEqualTo(SIGNALLED + signal);
            assertThat(end.out()).isEmpty();
            assertThat(end.err().lines().reduce((_, last) -> last).orElseThrow())
                    .startsWith("cntk: stopped with ")
                    .contains("to resume: cntk run --out stopped", "--arch 'cntk(depth=3)'");
        }
        Launched.Result verify = Launched.run(working, "verify", "--run", "stopped", "--samples", "2");
        assertThat(verify.code()).as(verify.err()).isZero();
        assertThat(verify.out()).contains("verdict     right");
        resumes("stopped");
    }

    private static void resumes(String out) throws IOException {
        assertThat(working.resolve(out).resolve("run.json")).doesNotExist();
        Launched.Result resumed = Launched.run(working, words(out));
        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(new ObjectMapper()
                        .readTree(resumed.out())
                        .path("computed_pairs")
                        .intValue())
                .isPositive()
                .isLessThan(32 * 33 / 2 + 32 * 4);
        assertThat(files(out)).isEqualTo(undisturbed);
    }

    /** One thread and three tiles of the training kernel: a second or two of work after the first one. */
    private static String[] words(String out) {
        return new String[] {
            "run", "--out", out, "--train", "32", "--test", "4", "--arch", "cntk(depth=3)", "--threads", "1", "--json"
        };
    }

    private static void awaitFirstTile(Launched run, String out) throws Exception {
        while (files(out).keySet().stream().noneMatch(name -> name.startsWith("train/c/") && !name.endsWith(".tmp"))) {
            assertThat(run.isAlive()).as("it ended before its first tile").isTrue();
            Thread.sleep(5);
        }
    }

    /** Content of the files that are the same in every run: tiles and predictions. */
    private static Map<String, String> files(String out) throws IOException {
        Map<String, String> contents = new TreeMap<>();
        Path directory = working.resolve(out);
        if (!Files.exists(directory)) {
            return contents;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = directory.relativize(file).toString();
                if (name.contains("/") || name.equals("predictions.csv")) {
                    contents.put(name, HexFormat.of().formatHex(Files.readAllBytes(file)));
                }
            }
        } catch (NoSuchFileException | java.io.UncheckedIOException renamedMeanwhile) {
            return Map.of();
        }
        return contents;
    }

    /** Whether this process was started in the background of a script: then every child ignores Ctrl-C too. */
    private static boolean ignoresInterrupts() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return false;
        }
        String ignored = Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("SigIgn:"))
                .findFirst()
                .orElse("SigIgn: 0");
        return (Long.parseUnsignedLong(ignored.split("\\s+")[1], 16) >> (INT - 1) & 1) == 1;
    }
}

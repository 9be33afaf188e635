package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./cntk run --solver pcg} on a store that is larger than its heap, killed in the middle of its iterations. */
class IteratedRunIT {
    private static final int TRAIN = 4500;
    private static final int TEST = 100;
    private static final int SIDE = 5;
    /** Checkpoints that are waited for. */
    private static final int KILLED_AT = 4;

    private static final int HEAP_MEGABYTES = 40;
    private static final Map<String, String> SMALL_HEAP = Map.of("CNTK_JAVA_OPTS", "-Xmx" + HEAP_MEGABYTES + "m");

    @TempDir
    static Path working;

    private static final String[] WORDS = {
        "run",
        "--data",
        "data",
        "--out",
        "out",
        "--arch",
        "fc(depth=2)",
        "--precision",
        "f32",
        "--threads",
        "2",
        "--ridge",
        "0.01",
        "--solver",
        "pcg",
        "--pcg-rank",
        "10",
        "--pcg-checkpoint",
        "0",
        "--pcg-tolerance",
        "1e-4",
        "--json"
    };

    @Test
    void afterKillMinusNineItGoesOnToTheSamePredictions() throws Exception {
        writeImages("train", TRAIN);
        writeImages("t10k", TEST);
        JsonNode undisturbed = result(Launched.run(working, SMALL_HEAP, WORDS));
        assertThat(storeBytes()).isGreaterThan((long) HEAP_MEGABYTES << 20);
        int iterations = undisturbed.path("pcg").path("iterations").intValue();
        assertThat(iterations).isGreaterThan(10);
        Path predictions = working.resolve("out/predictions.csv");
        String expected = Files.readString(predictions);
        Files.delete(predictions);
        Files.delete(working.resolve("out/run.json"));

        Path checkpoint = working.resolve("out/pcg-checkpoint.bin");
        assertThat(checkpoint).doesNotExist();
        try (Launched run = Launched.start(working, SMALL_HEAP, WORDS)) {
            awaitCheckpoints(run, checkpoint);
            run.kill();
            assertThat(run.await().code()).isEqualTo(128 + 9);
        }
        assertThat(predictions).doesNotExist();

        JsonNode resumed = result(Launched.run(working, SMALL_HEAP, WORDS));
        assertThat(resumed.path("computed_pairs").longValue()).isZero();
        assertThat(resumed.path("pcg").path("resumed_at").intValue()).isBetween(KILLED_AT, iterations - 1);
        assertThat(resumed.path("pcg").path("iterations").intValue()).isEqualTo(iterations);
        assertThat(Files.readString(predictions)).isEqualTo(expected);
        assertThat(checkpoint).doesNotExist();
    }

    private static void awaitCheckpoints(Launched run, Path checkpoint) throws Exception {
        Set<FileTime> times = new HashSet<>(); // of the checkpoints that were seen, one every iteration
        while (times.size() < KILLED_AT) {
            assertThat(run.isAlive())
                    .as("it ended after %d checkpoints", times.size())
                    .isTrue();
            if (Files.exists(checkpoint)) {
                times.add(Files.getLastModifiedTime(checkpoint));
            }
            Thread.sleep(5);
        }
    }

    private static JsonNode result(Launched.Result run) throws IOException {
        assertThat(run.code()).as(run.err()).isZero();
        return new ObjectMapper().readTree(run.out());
    }

    private static long storeBytes() throws IOException {
        try (Stream<Path> files = Files.walk(working.resolve("out/train"))) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    /** Idx files of random images and labels. */
    private static void writeImages(String name, int count) throws IOException {
        Path data = Files.createDirectories(working.resolve("data"));
        Random random = new Random(count);
        try (DataOutputStream images =
                new DataOutputStream(Files.newOutputStream(data.resolve(name + "-images-idx3-ubyte")))) {
            for (int number : new int[] {0x803, count, SIDE, SIDE}) {
                images.writeInt(number);
            }
            byte[] pixels = new byte[count * SIDE * SIDE];
            random.nextBytes(pixels);
            images.write(pixels);
        }
        try (DataOutputStream labels =
                new DataOutputStream(Files.newOutputStream(data.resolve(name + "-labels-idx1-ubyte")))) {
            labels.writeInt(0x801);
            labels.writeInt(count);
            for (int image = 0; image < count; image++) {
                labels.write(random.nextInt(10));
            }
        }
    }
}

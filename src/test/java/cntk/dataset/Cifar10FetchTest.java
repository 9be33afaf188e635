package cntk.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Cifar10FetchTest {
    private static final int RECORDS = 2;

    private final Map<String, String> md5 = new HashMap<>();
    private final List<String> progress = new ArrayList<>();

    @TempDir
    private Path temporary;

    private Path target;

    /** A source that a test writes as a lambda. */
    private record Fake(String name, Writer writer) implements Cifar10Source {
        interface Writer {
            void write(Path scratch) throws IOException, InterruptedException;
        }

        @Override
        public void fetch(Path scratch, Consumer<String> lines) throws IOException, InterruptedException {
            writer.write(scratch);
        }
    }

    private final Fake good = new Fake("good", scratch -> Cifar10Files.write(scratch, RECORDS));
    private final Fake unreachable = new Fake("unreachable", scratch -> {
        throw new IOException("no route");
    });
    private final Fake flipped = new Fake("flipped", scratch -> {
        Cifar10Files.write(scratch, RECORDS);
        byte[] records = Cifar10Files.records(RECORDS, 5);
        records[77] ^= 1;
        Files.write(scratch.resolve("test_batch.bin"), records);
    });

    @BeforeEach
    void hashTheRightFiles() {
        target = temporary.resolve("new/cifar10");
        for (int file = 0; file < Cifar10.files().size(); file++) {
            md5.put(Cifar10.files().get(file), FileHash.of("MD5", Cifar10Files.records(RECORDS, file)));
        }
    }

    @Test
    void theFirstSourceThatDeliversIsUsed() throws Exception {
        Cifar10Fetch.Result result = fetch(good, unreachable);
        assertThat(result).isEqualTo(new Cifar10Fetch.Result(target, false, "good"));
        assertOnlyTheSixFiles();
        assertThat(Cifar10.read(target, RECORDS).train().count()).isEqualTo(10);
    }

    @Test
    void aFailingSourceIsFollowedByTheNext() throws Exception {
        assertThat(fetch(unreachable, flipped, good).source()).isEqualTo("good");
        assertOnlyTheSixFiles();
        assertThat(progress).contains("trying unreachable", "no route", "trying flipped");
    }

    @Test
    void aFileWithAnotherMd5IsRefusedAndNothingIsLeft() throws Exception {
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> fetch(flipped))
                .withMessageContaining("flipped: test_batch.bin has MD5 ")
                .withMessageContaining(", expected " + md5.get("test_batch.bin"));
        assertThat(target).isEmptyDirectory();
    }

    @Test
    void aMissingFileIsRefused() {
        Fake five = new Fake("five", scratch -> {
            Cifar10Files.write(scratch, RECORDS);
            Files.delete(scratch.resolve("data_batch_2.bin"));
        });
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> fetch(five))
                .withMessageContaining("five: data_batch_2.bin is missing");
    }

    @Test
    void theErrorGivesTheReasonOfEverySource() {
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> fetch(unreachable, flipped))
                .withMessageContaining("(unreachable: no route; flipped: test_batch.bin has MD5")
                .withMessageContaining("\nhint: ");
    }

    @Test
    void copyingThatBreaksOffLeavesNothing() {
        Fake interrupted = new Fake("interrupted", scratch -> {
            Cifar10Files.write(scratch, RECORDS);
            throw new InterruptedException();
        });
        assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> fetch(interrupted));
        assertThat(target).isEmptyDirectory();
        Fake broken = new Fake("broken", scratch -> {
            Files.createDirectory(scratch.resolve("inner"));
            Files.write(scratch.resolve("inner/half"), new byte[10]);
            throw new IllegalStateException();
        });
        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> fetch(broken));
        assertThat(target).isEmptyDirectory();
    }

    @Test
    void filesThatAreThereAndRightAreLeftAlone() throws Exception {
        fetch(good);
        assertThat(fetch(unreachable).alreadyThere()).isTrue();
        assertThat(progress.getLast()).isEqualTo("the six files in " + target + " are there already and right");
    }

    @Test
    void aDamagedFileThatIsThereIsReplaced() throws Exception {
        fetch(good);
        Files.writeString(target.resolve("data_batch_1.bin"), "damaged");
        assertThat(fetch(good).alreadyThere()).isFalse();
        assertOnlyTheSixFiles();
    }

    @Test
    void aFileInPlaceOfTheDirectoryIsRefused() throws Exception {
        Files.createDirectories(target.getParent());
        Files.writeString(target, "a file");
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> fetch(good))
                .withMessageStartingWith("cannot write CIFAR-10 to " + target);
    }

    private Cifar10Fetch.Result fetch(Cifar10Source... sources) throws InterruptedException {
        return new Cifar10Fetch(List.of(sources), md5).fetch(target, progress::add);
    }

    private void assertOnlyTheSixFiles() throws IOException {
        try (var files = Files.list(target)) {
            assertThat(files.map(path -> path.getFileName().toString()).sorted().toList())
                    .isEqualTo(Cifar10.files());
        }
        for (int file = 0; file < Cifar10.files().size(); file++) {
            assertThat(target.resolve(Cifar10.files().get(file))).hasBinaryContent(Cifar10Files.records(RECORDS, file));
        }
    }
}

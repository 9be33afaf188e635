package cntk.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Cifar10Test {
    private static final int RECORDS = 3;

    @TempDir
    private Path directory;

    @BeforeEach
    void writeSixSmallFiles() throws IOException {
        Cifar10Files.write(directory, RECORDS);
    }

    @Test
    void imagesComeInTheOrderOfTheFilesAndOfTheirRecords() {
        RawSplit split = Cifar10.read(directory, RECORDS);

        assertThat(split.train().count()).isEqualTo(5 * RECORDS);
        assertThat(split.test().count()).isEqualTo(RECORDS);
        for (int image = 0; image < 5 * RECORDS; image++) {
            byte[] file = Cifar10Files.records(RECORDS, image / RECORDS);
            int record = image % RECORDS * Cifar10.RECORD_BYTES;
            assertThat(split.train().labels().of(image)).isEqualTo(file[record]);
            assertThat(split.train().at(image, 0)).isEqualTo(file[record + 1] & 0xff);
            assertThat(split.train().at(image, 3071)).isEqualTo(file[record + 3072] & 0xff);
        }
        assertThat(split.test().at(0, 5)).isEqualTo(Cifar10Files.records(1, 5)[6] & 0xff);
    }

    @Test
    void aMissingFileIsNamed() throws IOException {
        Files.delete(directory.resolve("data_batch_3.bin"));
        assertRefused("data_batch_3.bin is missing, expected the six files", "hint: ./cntk data cifar10 --to DIR");
    }

    @Test
    void aMissingDirectoryIsNamed() {
        Path nowhere = directory.resolve("nowhere");
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> Cifar10.read(nowhere))
                .withMessageStartingWith(nowhere + " does not exist, expected a directory");
        Path file = directory.resolve("test_batch.bin");
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> Cifar10.read(file))
                .withMessageStartingWith(file + " is not a directory");
    }

    @Test
    void aTruncatedFileIsNamedWithTheOffsetOfTheRecordThatIsCut() throws IOException {
        cut("data_batch_2.bin", 2 * Cifar10.RECORD_BYTES + 100);
        assertRefused("data_batch_2.bin has 6246 bytes, expected 9219", "ends in record 2 at byte offset 6146");
    }

    @Test
    void aFileOfWholeRecordsButTooFewIsRefused() throws IOException {
        cut("test_batch.bin", Cifar10.RECORD_BYTES);
        assertRefused("test_batch.bin has 3073 bytes, expected 9219 (3 records of 3073 bytes)");
    }

    @Test
    void aFileThatIsTooLongIsRefused() throws IOException {
        Files.write(directory.resolve("data_batch_1.bin"), Cifar10Files.records(RECORDS + 1, 0));
        assertRefused("data_batch_1.bin has 12292 bytes, expected 9219");
    }

    @Test
    void anEmptyFileIsRefused() throws IOException {
        cut("data_batch_1.bin", 0);
        assertRefused("data_batch_1.bin has 0 bytes, expected 9219");
    }

    @Test
    void aLabelAboveNineIsNamedWithFileRecordAndOffset() throws IOException {
        byte[] records = Cifar10Files.records(RECORDS, 0);
        records[2 * Cifar10.RECORD_BYTES] = 10;
        Files.write(directory.resolve("data_batch_4.bin"), records);
        assertRefused("data_batch_4.bin has label 10 in record 2 (byte offset 6146), expected 0..9");
    }

    @Test
    void anUnreadableFileIsNamed() throws IOException {
        Path file = directory.resolve("data_batch_5.bin");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("-wx------"));
        assumeFalse(Files.isReadable(file), "root reads everything");
        assertRefused("data_batch_5.bin cannot be read: permission denied");
    }

    @Test
    void theDirectoryInsideTheUnpackedArchiveIsSuggested() throws IOException {
        Path outer = Files.createDirectory(directory.resolve("outer"));
        Files.createDirectory(outer.resolve("cifar-10-batches-bin"));
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> Cifar10.read(outer))
                .withMessageContaining("hint: use the directory " + outer.resolve("cifar-10-batches-bin"));
    }

    @Test
    void theSampleHasItsCountsShapeAndFirstLabels() {
        RawSplit sample = Cifar10.sample();
        assertThat(sample.train().count()).isEqualTo(500);
        assertThat(sample.test().count()).isEqualTo(250);
        assertThat(sample.train().shape()).isEqualTo(new ImageShape(3, 32, 32));
        assertThat(sample.test().labels().classNames())
                .hasSize(10)
                .startsWith("airplane")
                .endsWith("truck");
        // the first test images of CIFAR-10: cat, ship, ship, airplane; the first training images: frog, truck, truck
        assertThat(sample.test().labels().first(4))
                .extracting(Cifar10Test::values)
                .isEqualTo("3 8 8 0 ");
        assertThat(sample.train().labels().first(3))
                .extracting(Cifar10Test::values)
                .isEqualTo("6 9 9 ");
        assertThat(sample.train().at(0, 0)).isEqualTo(59);
    }

    private static String values(Labels labels) {
        StringBuilder text = new StringBuilder();
        for (int image = 0; image < labels.count(); image++) {
            text.append(labels.of(image)).append(' ');
        }
        return text.toString();
    }

    private void cut(String name, int bytes) throws IOException {
        Path file = directory.resolve(name);
        Files.write(file, Arrays.copyOf(Files.readAllBytes(file), bytes));
    }

    private void assertRefused(String... parts) {
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> Cifar10.read(directory, RECORDS))
                .withMessageStartingWith(directory.toString())
                .extracting(Throwable::getMessage)
                .asString()
                .contains(parts);
    }
}

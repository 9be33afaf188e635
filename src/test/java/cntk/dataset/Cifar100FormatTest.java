package cntk.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Cifar100FormatTest {
    private static final int RECORD = 3074;
    private static final int TRAIN = 5;
    private static final int TEST = 3;

    private final DataFormat format = new Cifar100Format(TRAIN, TEST);

    @TempDir
    private Path directory;

    @BeforeEach
    void writeTwoSmallFiles() throws IOException {
        Files.write(directory.resolve("train.bin"), records(TRAIN, 1));
        Files.write(directory.resolve("test.bin"), records(TEST, 2));
    }

    @Test
    void imagesCarryTheirFineLabels() throws IOException {
        RawSplit split = format.read(directory);
        byte[] train = Files.readAllBytes(directory.resolve("train.bin"));
        assertThat(split.train().name()).isEqualTo("cifar100/train");
        assertThat(split.train().shape()).isEqualTo(new ImageShape(3, 32, 32));
        assertThat(split.train().count()).isEqualTo(TRAIN);
        assertThat(split.test().count()).isEqualTo(TEST);
        for (int image = 0; image < TRAIN; image++) {
            assertThat(split.train().labels().of(image)).isEqualTo(99 - image);
            assertThat(split.train().at(image, 0)).isEqualTo(train[image * RECORD + 2] & 0xff);
            assertThat(split.train().at(image, 3071)).isEqualTo(train[image * RECORD + 3073] & 0xff);
        }
    }

    @Test
    void theBuiltInNamesAreThePublishedOnes() {
        assertThat(Cifar100Format.CLASS_NAMES)
                .hasSize(100)
                .doesNotHaveDuplicates()
                .isSorted()
                .startsWith("apple", "aquarium_fish")
                .endsWith("woman", "worm");
        assertThat(format.read(directory).train().labels().classNames()).isEqualTo(Cifar100Format.CLASS_NAMES);
    }

    @Test
    void namesInTheDirectoryAreTakenFromThere() throws IOException {
        String names =
                IntStream.range(0, 100).mapToObj(label -> "class " + label).collect(Collectors.joining("\n"));
        Files.writeString(directory.resolve("fine_label_names.txt"), names + "\n\n");
        assertThat(format.read(directory).test().labels().classNames())
                .startsWith("class 0")
                .endsWith("class 99");
        Files.writeString(directory.resolve("fine_label_names.txt"), "apple\nbear\n");
        assertRefused("fine_label_names.txt has 2 lines with text, expected 100 different names");
    }

    @Test
    void labelsOutOfRangeAreNamedWithRecordAndOffset() throws IOException {
        byte[] records = records(TRAIN, 1);
        records[2 * RECORD + 1] = 100;
        Files.write(directory.resolve("train.bin"), records);
        assertRefused("train.bin has fine label 100 in record 2 (byte offset 6149), expected 0..99");
        records[2 * RECORD] = 20;
        Files.write(directory.resolve("train.bin"), records);
        assertRefused("train.bin has coarse label 20 in record 2 (byte offset 6148), expected 0..19");
    }

    @Test
    void truncatedAndMissingFilesAreNamed() throws IOException {
        Files.write(directory.resolve("train.bin"), Arrays.copyOf(records(TRAIN, 1), 2 * RECORD + 7));
        assertRefused("train.bin has 6155 bytes, expected 15370", "ends in record 2 at byte offset 6148");
        Files.write(directory.resolve("train.bin"), records(TRAIN - 1, 1));
        assertRefused("train.bin has 12296 bytes, expected 15370 (5 records of 3074 bytes)");
        Files.delete(directory.resolve("train.bin"));
        assertRefused("train.bin is missing, expected the files train.bin, test.bin of CIFAR-100");
    }

    @Test
    void recordsOfCifar10AreRecognised() throws IOException {
        Files.write(directory.resolve("train.bin"), Cifar10Files.records(4, 1));
        assertRefused("hint: it has the size of a file of CIFAR-10 records");
    }

    @Test
    void aDescriptionSaysThatNoChecksumsArePublished() {
        assertThat(format.describe(directory))
                .extracting(DataInfo.DataFile::official)
                .containsOnlyNulls();
        assertThat(format.describe(directory))
                .extracting(DataInfo.DataFile::records)
                .containsExactly(TRAIN, TEST);
        assertThat(DataInfo.of(format.describe(directory), format.read(directory)))
                .extracting(DataInfo::name, DataInfo::official)
                .containsExactly("cifar100", false);
    }

    /** Coarse labels 0, 1, ..., fine labels 99, 98, ..., pixels from the seed. */
    private static byte[] records(int count, long seed) {
        byte[] bytes = new byte[count * RECORD];
        new Random(seed).nextBytes(bytes);
        for (int record = 0; record < count; record++) {
            bytes[record * RECORD] = (byte) record;
            bytes[record * RECORD + 1] = (byte) (99 - record);
        }
        return bytes;
    }

    private void assertRefused(String... parts) {
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> format.read(directory))
                .withMessageStartingWith(directory.toString())
                .extracting(Throwable::getMessage)
                .asString()
                .contains(parts);
    }
}

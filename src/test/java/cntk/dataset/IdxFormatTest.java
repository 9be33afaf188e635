package cntk.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdxFormatTest {
    private static final List<String> FILES = List.of(
            "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte");

    @TempDir
    private Path directory;

    @BeforeEach
    void writeFourSmallFiles() throws IOException {
        IdxFiles.write(directory);
    }

    @Test
    void imagesAndLabelsComeInTheOrderOfTheFiles() {
        RawSplit split = DataSets.read(directory);
        assertThat(split.train().name()).isEqualTo("idx/train");
        assertThat(split.train().shape()).isEqualTo(new ImageShape(1, IdxFiles.ROWS, IdxFiles.COLUMNS));
        assertThat(split.train().count()).isEqualTo(IdxFiles.TRAIN);
        assertThat(split.test().count()).isEqualTo(IdxFiles.TEST);
        byte[] file = IdxFiles.images(IdxFiles.TRAIN, 1);
        for (int image = 0; image < IdxFiles.TRAIN; image++) {
            assertThat(split.train().labels().of(image)).isEqualTo(image % 10);
            for (int value = 0; value < 15; value++) {
                assertThat(split.train().at(image, value)).isEqualTo(file[16 + 15 * image + value] & 0xff);
            }
        }
        assertThat(split.test().labels().classNames()).startsWith("0", "1").hasSize(10);
    }

    @Test
    void compressedFilesAndDottedNamesHoldTheSameImages() throws IOException {
        String plain = hash(DataSets.read(directory));
        for (String file : FILES) {
            byte[] content = Files.readAllBytes(directory.resolve(file));
            Files.delete(directory.resolve(file));
            Files.write(directory.resolve(file.replace("-idx", ".idx") + ".gz"), IdxFiles.gzip(content));
        }
        assertThat(hash(DataSets.read(directory))).isEqualTo(plain);
        DataInfo info = DataSets.info(directory);
        assertThat(info.name()).isEqualTo("idx");
        assertThat(info.official()).isFalse();
        assertThat(info.files())
                .extracting(DataInfo.DataFile::name)
                .containsExactly(
                        "train-images.idx3-ubyte.gz",
                        "train-labels.idx1-ubyte.gz",
                        "t10k-images.idx3-ubyte.gz",
                        "t10k-labels.idx1-ubyte.gz");
        assertThat(info.files()).extracting(DataInfo.DataFile::records).containsExactly(12, 12, 4, 4);
    }

    @Test
    void aMissingFileIsNamed() throws IOException {
        Files.delete(directory.resolve("t10k-labels-idx1-ubyte"));
        assertRefused("t10k-labels-idx1-ubyte is missing, with and without .gz; expected the four files");
    }

    @Test
    void aBadMagicNumberIsNamed() throws IOException {
        put("train-images-idx3-ubyte", IdxFiles.labels(30));
        assertRefused("train-images-idx3-ubyte begins with 0x00000801, expected 0x00000803");
        put("train-images-idx3-ubyte", IdxFiles.images(IdxFiles.TRAIN, 1));
        put("t10k-labels-idx1-ubyte", IdxFiles.file(new byte[16], 0x901, IdxFiles.TEST)); // signed bytes
        assertRefused("t10k-labels-idx1-ubyte begins with 0x00000901, expected 0x00000801");
    }

    @Test
    void aHeaderThatIsCutIsRefused() throws IOException {
        put("train-images-idx3-ubyte", new byte[] {0, 0, 8, 3, 0});
        assertRefused("train-images-idx3-ubyte has 5 bytes, expected at least the 16 of an idx header");
        put("train-images-idx3-ubyte", new byte[0]);
        assertRefused("train-images-idx3-ubyte has 0 bytes");
    }

    @Test
    void truncatedAndOverlongDataAreRefused() throws IOException {
        byte[] images = IdxFiles.images(IdxFiles.TRAIN, 1);
        put("train-images-idx3-ubyte", Arrays.copyOf(images, images.length - 1));
        assertRefused("only 179 bytes of data from byte offset 16 on, expected 180 for 12 x 3 x 5");
        put("train-images-idx3-ubyte", Arrays.copyOf(images, images.length + 1));
        assertRefused("more than 180 bytes of data from byte offset 16 on, expected 180 for 12 x 3 x 5");
    }

    @Test
    void sizesThatCannotBeAreRefused() throws IOException {
        put("train-images-idx3-ubyte", IdxFiles.file(new byte[0], IdxFiles.IMAGES_MAGIC, 60000, 1 << 20, 1 << 20));
        assertRefused("says that it holds 60000 x 1048576 x 1048576 bytes");
        put("train-images-idx3-ubyte", IdxFiles.file(new byte[0], IdxFiles.IMAGES_MAGIC, -1, 3, 5));
        assertRefused("says that it holds 4294967295 x 3 x 5 bytes");
        put("train-images-idx3-ubyte", IdxFiles.file(new byte[0], IdxFiles.IMAGES_MAGIC, 0, 3, 5));
        assertRefused("says that it holds 0 x 3 x 5 bytes");
    }

    @Test
    void anotherNumberOfLabelsThanOfImagesIsRefused() throws IOException {
        put("train-labels-idx1-ubyte", IdxFiles.labels(IdxFiles.TRAIN - 1));
        assertRefused("train-labels-idx1-ubyte has 11 labels, but", "train-images-idx3-ubyte has 12 images");
    }

    @Test
    void testImagesOfAnotherShapeAreRefused() throws IOException {
        put("t10k-images-idx3-ubyte", IdxFiles.file(new byte[4 * 15], IdxFiles.IMAGES_MAGIC, 4, 5, 3));
        assertRefused("idx/train has images of shape 1x3x5 but idx/test has 1x5x3");
    }

    @Test
    void aLabelAboveNineIsNamedWithImageAndOffset() throws IOException {
        byte[] labels = IdxFiles.labels(IdxFiles.TRAIN);
        labels[8 + 7] = 10;
        put("train-labels-idx1-ubyte", labels);
        assertRefused("train-labels-idx1-ubyte has label 10 of image 7 (byte offset 15), expected 0..9");
    }

    @Test
    void damagedGzipIsRefused() throws IOException {
        byte[] compressed = IdxFiles.gzip(IdxFiles.images(IdxFiles.TRAIN, 1));
        put("train-images-idx3-ubyte", Arrays.copyOf(compressed, compressed.length / 2));
        assertRefused("train-images-idx3-ubyte is damaged: gzip data: ");
        byte[] wrongChecksum = compressed.clone();
        wrongChecksum[compressed.length - 8] ^= 1;
        put("train-images-idx3-ubyte", wrongChecksum);
        assertRefused("train-images-idx3-ubyte is damaged: gzip data: ");
        put("train-images-idx3-ubyte", new byte[] {0x1f, (byte) 0x8b, 99});
        assertRefused("train-images-idx3-ubyte is damaged: gzip data: ");
    }

    @Test
    void theRealFashionMnistOfDebianIsThePublishedOne() {
        Path installed = Path.of("/usr/share/datasets/fashion-mnist");
        assumeTrue(Files.isDirectory(installed), "the Debian package dataset-fashion-mnist is not installed");
        DataInfo info = DataSets.info(installed);
        assertThat(info.name()).isEqualTo("fashion-mnist");
        assertThat(info.official()).isTrue();
        assertThat(info.train()).isEqualTo(60_000);
        assertThat(info.classes()).extracting(DataInfo.ClassCount::train).containsOnly(6_000);
        assertThat(info.classes()).extracting(DataInfo.ClassCount::name).startsWith("T-shirt/top", "trouser");
    }

    private static String hash(RawSplit split) {
        Sha256 hash = new Sha256();
        split.train().feed(hash);
        split.test().feed(hash);
        return hash.hex();
    }

    private void put(String file, byte[] content) throws IOException {
        Files.write(directory.resolve(file), content);
    }

    private void assertRefused(String... parts) {
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> DataSets.read(directory))
                .extracting(Throwable::getMessage)
                .asString()
                .contains(parts);
    }
}

package cntk.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NpyTest {
    @TempDir
    private Path directory;

    private Path file;

    @BeforeEach
    void nameTheFile() {
        file = directory.resolve("x.npy");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void imagesOfEveryFormatVersionAreRead(int version) throws IOException {
        write(version, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1, 2, 3), }", doubles(12));
        ImageSet images = Npy.readImages(file);
        assertThat(images.count()).isEqualTo(2);
        assertThat(images.shape()).isEqualTo(new ImageShape(1, 2, 3));
        assertThat(read(images, 1)).containsExactly(6.5, 7.5, 8.5, 9.5, 10.5, 11.5);
    }

    @Test
    void vectorsAreImagesOfOnePixel() throws IOException {
        write("{\"shape\":(2,3),\"fortran_order\":False,\"descr\":\"<f4\"}", floats(6));
        ImageSet images = Npy.readImages(file);
        assertThat(images.shape()).isEqualTo(new ImageShape(3, 1, 1));
        assertThat(read(images, 1)).containsExactly(3.5, 4.5, 5.5);
        assertThat(images.labels().known()).isFalse();
    }

    @Test
    void theHashDependsOnValuesShapeAndTypeButNotOnTheHeader() throws IOException {
        write("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", doubles(6));
        String hash = Npy.readImages(file).sha256();
        write(2, "{'shape': (2L, 3L), 'descr': '<f8', 'fortran_order': False}      ", doubles(6));
        assertThat(Npy.readImages(file).sha256()).isEqualTo(hash);
        write("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }", doubles(6));
        assertThat(Npy.readImages(file).sha256()).isNotEqualTo(hash);
        byte[] other = doubles(6);
        other[47] ^= 1;
        write("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", other);
        assertThat(Npy.readImages(file).sha256()).isNotEqualTo(hash);
    }

    @Test
    void fortranOrderIsRefused() throws IOException {
        write("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }", doubles(6));
        assertRefused("has fortran_order True, expected False (C order)\nhint: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"'>f8'", "'<f2'", "'<i8'", "'|u1'", "'<c8'", "[('a', '<f8'), ('b', '<f8')]", "'f8'"})
    void everyOtherTypeIsRefused(String descr) throws IOException {
        write("{'descr': " + descr + ", 'fortran_order': False, 'shape': (2, 3), }", doubles(6));
        assertRefused("has descr " + descr + ", expected '<f4' (float32) or '<f8' (float64), little-endian");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"()|()", "(6,)|(6,)", "(1,2,3)|(1, 2, 3)", "(1,1,1,2,3)|(1, 1, 1, 2, 3)"})
    void everyOtherNumberOfAxesIsRefused(String shape, String shown) throws IOException {
        int count = shape.equals("()") ? 1 : 6;
        write("{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + "}", doubles(count));
        assertRefused("has shape " + shown + ", expected [N, C, H, W] or [N, D]");
    }

    @Test
    void anEmptyAxisIsRefused() throws IOException {
        write("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 3, 4, 4), }", new byte[0]);
        assertRefused("has shape (0, 3, 4, 4) with an empty axis");
    }

    @ParameterizedTest
    @ValueSource(strings = {"(4000000000, 4000000000)", "(2, 3, 9223372036854775807, 2)"})
    void aShapeThatNoFileCanHaveIsRefused(String shape) throws IOException {
        write("{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + "}", doubles(6));
        assertRefused("has shape " + shape + ", which no file can hold");
    }

    @ParameterizedTest
    @ValueSource(strings = {"(2, -3)", "(2, x)", "5", "(2,, 3)", "(2, 3.0)", "[2, 3]"})
    void aShapeThatIsNoTupleOfLengthsIsRefused(String shape) throws IOException {
        write("{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + "}", doubles(6));
        assertRefused("has shape " + shape + ", expected lengths such as (10, 3, 32, 32)");
    }

    @Test
    void dataOfAnotherLengthThanTheShapeSaysIsRefused() throws IOException {
        String header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }";
        write(header, Arrays.copyOf(doubles(6), 47));
        long offset = Files.size(file) - 47;
        assertRefused("has 47 bytes of data from byte offset " + offset + " on, expected 48 for shape (2, 3) of <f8");
        write(header, doubles(7));
        assertRefused("has 56 bytes of data from byte offset " + offset + " on, expected 48");
    }

    @Test
    void aHeaderThatIsCutShortIsRefused() throws IOException {
        write("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", doubles(6));
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, 30));
        assertRefused("ends inside its header: 30 bytes are there");
        Files.write(file, Arrays.copyOf(whole, 8));
        assertRefused("does not begin with the bytes 93 'NUMPY' of a .npy file");
        Files.write(file, new byte[0]);
        assertRefused("does not begin with the bytes 93 'NUMPY' of a .npy file");
    }

    @Test
    void anUnknownFormatVersionIsRefused() throws IOException {
        write(4, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", doubles(6));
        assertRefused("has format version 4.0 at byte offset 6, expected 1.0, 2.0 or 3.0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "{'descr'",
                "{'descr': '<f8'",
                "{'descr': '<f8', 'descr': '<f4'}",
                "{descr: '<f8'}",
                "{} {}",
                "('descr', '<f8')",
                "{'a': (1}"
            })
    void aHeaderThatIsNoDictionaryIsRefused(String header) throws IOException {
        write(header, doubles(6));
        assertRefused("has a header that is not a Python dictionary: ");
    }

    @Test
    void aMissingFieldIsNamed() throws IOException {
        write("{'descr': '<f8', 'fortran_order': False}", doubles(6));
        assertRefused("has no field 'shape' in its header, only [descr, fortran_order]");
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void theFirstNumberThatIsNotFiniteIsNamedByItsIndex(double bad) throws IOException {
        byte[] data = doubles(24);
        ByteBuffer.wrap(data)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putDouble(17 * 8, bad)
                .putDouble(20 * 8, Double.NaN);
        write("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3, 2, 2), }", data);
        assertRefused("has " + bad + " at index [1, 1, 0, 1], expected finite numbers");

        byte[] floats = floats(6);
        ByteBuffer.wrap(floats).order(ByteOrder.LITTLE_ENDIAN).putFloat(4 * 4, (float) bad);
        write("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", floats);
        assertRefused("has " + bad + " at index [1, 1], expected finite numbers");
    }

    @Test
    void aMissingFileAndADirectoryAreRefused() {
        assertRefused("cannot be read: no such file or directory");
        file = directory;
        assertRefused("is a directory, expected a .npy file");
    }

    @Test
    void aMatrixHasOneOrTwoAxes() throws IOException {
        write("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", floats(6));
        Npy.Matrix matrix = Npy.readMatrix(file);
        assertThat(matrix.values()).isDeepEqualTo(new double[][] {{0.5, 1.5, 2.5}, {3.5, 4.5, 5.5}});
        assertThat(matrix.type()).isEqualTo(NpyType.F32);
        write("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", doubles(3));
        assertThat(Npy.readMatrix(file).values()).isDeepEqualTo(new double[][] {{0.5, 1.5, 2.5}});
        write("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 1, 1), }", doubles(3));
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> Npy.readMatrix(file))
                .withMessage(file + " has shape (3, 1, 1), expected one or two axes");
    }

    private void assertRefused(String message) {
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> Npy.readImages(file))
                .withMessageStartingWith(file + " " + message);
    }

    private static double[] read(ImageSet images, int index) {
        double[] values = new double[images.shape().values()];
        images.read(index, values);
        return values;
    }

    private void write(String header, byte[] data) throws IOException {
        write(1, header, data);
    }

    private void write(int version, String header, byte[] data) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(0x93);
        bytes.writeBytes("NUMPY".getBytes(StandardCharsets.US_ASCII));
        bytes.write(version);
        bytes.write(0);
        for (int place = 0; place < (version == 1 ? 2 : 4); place++) {
            bytes.write((header.length() + 1) >> (8 * place));
        }
        bytes.writeBytes((header + "\n").getBytes(StandardCharsets.UTF_8));
        bytes.writeBytes(data);
        Files.write(file, bytes.toByteArray());
    }

    /** 0.5, 1.5, 2.5, ... */
    private static byte[] doubles(int count) {
        ByteBuffer bytes = ByteBuffer.allocate(count * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            bytes.putDouble(i + 0.5);
        }
        return bytes.array();
    }

    private static byte[] floats(int count) {
        ByteBuffer bytes = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            bytes.putFloat(i + 0.5f);
        }
        return bytes.array();
    }
}

package cntk.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NpyWriterTest {
    @TempDir
    private Path directory;

    private Path file;

    @BeforeEach
    void nameTheFile() {
        file = directory.resolve("k.npy");
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "3, 1", "1, 7", "31, 33", "500, 1001"})
    void whatIsWrittenIsReadBack(int rows, int columns) {
        for (NpyType type : NpyType.values()) {
            write(type, rows, columns);
            Npy.Matrix matrix = Npy.readMatrix(file);
            assertThat(matrix.rows()).isEqualTo(rows);
            assertThat(matrix.columns()).isEqualTo(columns);
            assertThat(matrix.type()).isEqualTo(type);
            for (int row = 0; row < rows; row++) {
                assertThat(matrix.values()[row]).isEqualTo(row(type, row, columns));
            }
        }
    }

    @Test
    void theHeaderIsTheOneThatNumpyWrites() throws IOException {
        write(NpyType.F64, 2, 3);
        byte[] bytes = Files.readAllBytes(file);
        assertThat(bytes).hasSize(128 + 48);
        assertThat(new String(bytes, 0, 128, StandardCharsets.ISO_8859_1))
                .isEqualTo("\u0093NUMPY\u0001\u0000v\u0000"
                        + "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }"
                        + " ".repeat(128 - 10 - 59 - 1)
                        + "\n");
    }

    @Test
    void shapesOfOneAndOfManyAxesAreWritten() {
        try (NpyWriter writer = NpyWriter.open(file, NpyType.F64, 3)) {
            writer.writeRow(new double[] {1, 2, 3});
            writer.commit();
        }
        assertThat(Npy.readMatrix(file).values()).isDeepEqualTo(new double[][] {{1, 2, 3}});
        try (NpyWriter writer = NpyWriter.open(file, NpyType.F32, 2, 1, 1, 2)) {
            writer.writeRow(new double[] {1, 2});
            writer.writeRow(new double[] {3, 4});
            writer.commit();
        }
        ImageSet images = Npy.readImages(file);
        assertThat(images.shape()).isEqualTo(new ImageShape(1, 1, 2));
        assertThat(images.count()).isEqualTo(2);
    }

    @Test
    void withoutACommitTheOldFileStaysAndNothingElse() throws IOException {
        Files.writeString(file, "old");
        try (NpyWriter writer = NpyWriter.open(file, NpyType.F64, 2, 2)) {
            writer.writeRow(new double[] {1, 2});
            assertThat(file).hasContent("old");
        }
        assertThat(file).hasContent("old");
        assertThat(directory.toFile().list()).containsExactly("k.npy");
    }

    @Test
    void aCommitReplacesTheOldFileAndLeavesNothingElse() throws IOException {
        Files.writeString(file, "old");
        write(NpyType.F32, 2, 2);
        assertThat(Npy.readMatrix(file).rows()).isEqualTo(2);
        assertThat(directory.toFile().list()).containsExactly("k.npy");
    }

    @Test
    void wrongRowsAreProgrammingErrors() {
        try (NpyWriter writer = NpyWriter.open(file, NpyType.F64, 1, 2)) {
            assertThatIllegalArgumentException().isThrownBy(() -> writer.writeRow(new double[3]));
            assertThatIllegalStateException().isThrownBy(writer::commit);
            writer.writeRow(new double[2]);
            assertThatIllegalArgumentException().isThrownBy(() -> writer.writeRow(new double[2]));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> NpyWriter.open(file, NpyType.F64));
        assertThatIllegalArgumentException().isThrownBy(() -> NpyWriter.open(file, NpyType.F64, 2, 0));
    }

    @Test
    void aFolderThatIsMissingAndANameThatIsTakenByOneAreRefused() {
        Path nowhere = directory.resolve("nowhere/k.npy");
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> NpyWriter.open(nowhere, NpyType.F64, 1, 1))
                .withMessage("cannot write " + nowhere + ": no such file or directory");
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> NpyWriter.open(directory, NpyType.F64, 1, 1))
                .withMessage("cannot write " + directory + ": it is a directory");
    }

    @Test
    void numpyReadsWhatIsWrittenAndWritesWhatIsRead() throws Exception {
        write(NpyType.F32, 5, 7);
        Path back = directory.resolve("back.npy");
        String script = """
                import sys, numpy as n
                x = n.load(sys.argv[1])
                assert x.dtype == '<f4' and x.shape == (5, 7) and x.flags.c_contiguous
                n.save(sys.argv[2], x.astype('<f8').reshape(5, 1, 1, 7) * 2)
                """;
        assumeTrue(python("import numpy") == 0, "needs python3 with numpy");
        assertThat(python(script, file.toString(), back.toString())).isZero();
        ImageSet images = Npy.readImages(back);
        assertThat(images.shape()).isEqualTo(new ImageShape(1, 1, 7));
        double[] values = new double[7];
        images.read(4, values);
        double[] expected = row(NpyType.F32, 4, 7);
        for (int place = 0; place < 7; place++) {
            assertThat(values[place]).isEqualTo(2 * expected[place]);
        }
    }

    private static int python(String script, String... arguments) throws InterruptedException {
        String[] command = new String[3 + arguments.length];
        command[0] = "python3";
        command[1] = "-c";
        command[2] = script;
        System.arraycopy(arguments, 0, command, 3, arguments.length);
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(60, TimeUnit.SECONDS) ? process.exitValue() : -1;
        } catch (IOException e) {
            return -1;
        }
    }

    private void write(NpyType type, int rows, int columns) {
        try (NpyWriter writer = NpyWriter.open(file, type, rows, columns)) {
            for (int row = 0; row < rows; row++) {
                writer.writeRow(row(type, row, columns));
            }
            writer.commit();
        }
    }

    private static double[] row(NpyType type, int row, int columns) {
        double[] values = new double[columns];
        for (int column = 0; column < columns; column++) {
            double value = Math.sin(row * 31.0 + column);
            values[column] = type == NpyType.F32 ? (float) value : value;
        }
        return values;
    }
}

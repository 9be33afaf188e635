package cntk.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataSetsTest {
    @TempDir
    private Path directory;

    @Test
    void eachFormatIsRecognisedByASingleOneOfItsFiles() throws IOException {
        assertRecognised("data_batch_4.bin", "data_batch_1.bin is missing", Cifar10Format.class);
        assertRecognised("test.bin", "train.bin is missing", Cifar100Format.class);
        assertRecognised("t10k-labels.idx1-ubyte.gz", "train-labels-idx1-ubyte is missing", IdxFormat.class);
    }

    private void assertRecognised(String file, String message, Class<?> format) throws IOException {
        Path path = Files.createFile(directory.resolve(file));
        assertThat(DataSets.FORMATS.stream().filter(candidate -> candidate.recognises(directory)))
                .singleElement()
                .isInstanceOf(format);
        assertRefused(message);
        Files.delete(path);
    }

    @Test
    void anUnknownDirectoryIsToldWhatWasLookedFor() {
        assertRefused(
                " holds none of the data sets that can be read; looked for CIFAR-10 (data_batch_1.bin to",
                "CIFAR-100 (train.bin, test.bin)",
                "MNIST or Fashion-MNIST (train-images-idx3-ubyte, ");
    }

    @Test
    void aDirectoryOfTwoDataSetsIsRefused() throws IOException {
        IdxFiles.write(directory);
        Cifar10Files.write(directory, 1);
        assertRefused(" holds files of more than one data set: CIFAR-10 (", "; MNIST or Fashion-MNIST (");
    }

    @Test
    void theFolderInsideIsSuggested() throws IOException {
        Path inner = Files.createDirectory(directory.resolve("inner"));
        IdxFiles.write(inner);
        assertRefused("\nhint: use the directory " + inner);
    }

    @Test
    void theFilesForPythonAreRecognised() throws IOException {
        Files.createFile(directory.resolve("data_batch_1"));
        assertRefused("\nhint: these are the files for Python");
    }

    @Test
    void somethingElseThanADirectoryIsNamed() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> DataSets.read(file))
                .withMessageStartingWith(file + " is not a directory, expected");
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> DataSets.info(directory.resolve("nowhere")))
                .withMessageContaining("nowhere does not exist, expected a directory with a data set");
    }

    private void assertRefused(String... parts) {
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> DataSets.read(directory))
                .withMessageStartingWith(directory.toString())
                .extracting(Throwable::getMessage)
                .asString()
                .contains(parts);
    }
}

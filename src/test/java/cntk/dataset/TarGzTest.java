package cntk.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TarGzTest {
    @TempDir
    private Path directory;

    private Path archive;

    @BeforeEach
    void pack() throws IOException {
        archive = directory.resolve("files.tar.gz");
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put("folder/", new byte[0]);
        files.put("folder/unwanted", Cifar10Files.records(1, 1));
        files.put("folder/block", new byte[512]);
        files.put("folder/odd", Cifar10Files.records(2, 2));
        files.put("empty", new byte[0]);
        Archives.write(archive, files);
    }

    @Test
    void onlyTheWantedFilesAreWritten() throws IOException {
        Path out = Files.createDirectory(directory.resolve("out"));
        TarGz.extract(archive, Set.of("block", "odd", "empty", "folder"), out);
        assertThat(out.resolve("block")).hasBinaryContent(new byte[512]);
        assertThat(out.resolve("odd")).hasBinaryContent(Cifar10Files.records(2, 2));
        assertThat(out.resolve("empty")).isEmptyFile();
        assertThat(out).isDirectoryNotContaining("glob:**unwanted").isDirectoryNotContaining("glob:**folder");
    }

    @Test
    void anArchiveThatIsCutShortIsAnError() throws IOException {
        byte[] whole = Files.readAllBytes(archive);
        for (int length : new int[] {5, whole.length / 2, whole.length - 30}) {
            Files.write(archive, Arrays.copyOf(whole, length));
            assertThatIOException()
                    .isThrownBy(() -> TarGz.extract(archive, Set.of("odd"), directory))
                    .withMessage("the archive files.tar.gz is cut short");
        }
    }

    @Test
    void aFileThatIsNoArchiveIsAnError() throws IOException {
        Files.writeString(archive, "<html>moved</html>");
        assertThatIOException().isThrownBy(() -> TarGz.extract(archive, Set.of("odd"), directory));
    }
}

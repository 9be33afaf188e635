package cntk.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.backend.PackedLibraries;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class OpenBlasTest {
    private static final String FOLDER = "org/bytedeco/openblas/" + OpenBlas.platform();
    private static final List<String> LIBRARIES = List.of("libquadmath.so.0", "not-there.so", "libgfortran.so.5");

    @Test
    void threadsFollowTheSetting() {
        OpenBlas library = OpenBlas.load();
        for (int threads : new int[] {1, 2, 1}) {
            library.setThreads(threads);
            assertThat(library.threads()).isEqualTo(threads);
        }
        assertThatThrownBy(() -> library.setThreads(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void dependenciesComeFromTheJarToo() throws Exception {
        Path folder = Path.of(OpenBlas.load().origin()).getParent();
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            assertThat(maps.filter(line -> line.contains("libgfortran")))
                    .isNotEmpty()
                    .allMatch(line -> line.contains(folder.toString()));
        }
    }

    @Test
    void configNamesTheVersion() {
        assertThat(OpenBlas.load().config()).startsWith("OpenBLAS 0.3.");
    }

    @Test
    void platformWithoutALibraryIsAClearError() {
        assertThatThrownBy(() -> OpenBlas.fromJar("plan9-vax"))
                .isInstanceOf(NativeLibraryException.class)
                .hasMessageContaining("plan9-vax")
                .hasMessageContaining(OpenBlas.PATH_VARIABLE);
    }

    @Test
    void missingFunctionIsAClearError() {
        assertThatThrownBy(() -> OpenBlas.load().bind("dnothing_", java.lang.foreign.FunctionDescriptor.ofVoid()))
                .isInstanceOf(NativeLibraryException.class)
                .hasMessageContaining("dnothing_");
    }

    @Test
    void damagedAndMissingFilesAreReplaced(@TempDir Path cache) throws Exception {
        List<Path> first = packed().unpackUnder(cache);
        assertThat(first)
                .extracting(path -> path.getFileName().toString())
                .containsExactly("libquadmath.so.0", "libgfortran.so.5");
        byte[] whole = Files.readAllBytes(first.getFirst());
        byte[] flipped = whole.clone();
        flipped[flipped.length / 2] ^= 1;
        Files.write(first.getFirst(), flipped);
        Files.delete(first.getLast());
        assertThat(packed().unpackUnder(cache)).isEqualTo(first);
        assertThat(first.getFirst()).hasBinaryContent(whole);
        assertThat(first.getLast()).exists();
    }

    @Test
    void manyStartsAtOnceLeaveWholeFilesAndNothingElse(@TempDir Path cache) throws Exception {
        Callable<List<Path>> start = () -> packed().unpackUnder(cache);
        try (ExecutorService starts = Executors.newFixedThreadPool(8)) {
            for (Future<List<Path>> paths : starts.invokeAll(java.util.Collections.nCopies(8, start))) {
                assertThat(paths.get()).allMatch(Files::isRegularFile);
            }
        }
        try (Stream<Path> files = Files.walk(cache)) {
            assertThat(files.filter(Files::isRegularFile)).hasSize(2);
        }
    }

    @Test
    void folderThatOthersCanWriteIsRefused(@TempDir Path cache) throws Exception {
        Path folder = packed().unpackUnder(cache).getFirst().getParent();
        Files.setPosixFilePermissions(folder, java.nio.file.attribute.PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatThrownBy(() -> packed().unpackUnder(cache)).hasMessageContaining("not private");
    }

    private static PackedLibraries packed() throws java.io.IOException {
        return PackedLibraries.find(OpenBlas.class.getClassLoader(), FOLDER, LIBRARIES);
    }
}

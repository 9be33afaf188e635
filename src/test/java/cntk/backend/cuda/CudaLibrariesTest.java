package cntk.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import cntk.backend.BackendUnavailableException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In the ordinary JVM, with an empty library of the virtual GPUs in the place of NVIDIA's in the jar. */
class CudaLibrariesTest {
    private static final String LIBRARY = "libcusolverMg.so.11";

    @Test
    void packedLibraryIsFoundByItsNameOnceItIsLoaded(@TempDir Path jar, @TempDir Path cache) throws Exception {
        Path built = Path.of("target", "virtual-gpu", LIBRARY);
        assumeTrue(Files.exists(built), "SKIPPED: no virtual GPUs");
        Path folder = Files.createDirectories(jar.resolve("packed"));
        Files.copy(built, folder.resolve(LIBRARY));
        try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, null)) {
            CudaLibraries libraries =
                    new CudaLibraries(loader, "packed", List.of(LIBRARY), List.of("libneeded.so.1", LIBRARY));
            assertThat(libraries.missing()).isEmpty();
            assertThat(libraries.loadFrom(cache)).isEmpty();
            assertThat(SymbolLookup.libraryLookup(LIBRARY, Arena.global())).isNotNull(); // as JCuda's linker would
            libraries.load();
        }
    }

    @Test
    void whatIsNeitherInstalledNorPackedIsNamedWithTheWayOut() {
        CudaLibraries libraries = new CudaLibraries(
                CudaLibrariesTest.class.getClassLoader(),
                "packed",
                List.of("libc.so.6", "libcntk-none.so.7"),
                List.of("libcntk-none.so.7"));
        assertThat(libraries.missing()).contains("libcntk-none.so.7");
        assertThatThrownBy(libraries::load)
                .isInstanceOf(BackendUnavailableException.class)
                .hasMessageStartingWith(
                        "libcntk-none.so.7 not found\nhint: install the CUDA toolkit 12, or build with");
    }

    @Test
    void fileThatIsNoLibraryIsAReasonNotACrash(@TempDir Path jar, @TempDir Path cache) throws Exception {
        Path folder = Files.createDirectories(jar.resolve("packed"));
        Files.writeString(folder.resolve("libcntk-text.so.1"), "no library");
        try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, null)) {
            CudaLibraries libraries =
                    new CudaLibraries(loader, "packed", List.of("libcntk-text.so.1"), List.of("libcntk-text.so.1"));
            assertThat(libraries.loadFrom(cache).orElseThrow()).contains("libcntk-text.so.1");
        }
    }
}

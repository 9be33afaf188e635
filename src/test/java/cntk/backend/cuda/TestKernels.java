package cntk.backend.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The test kernels of the virtual GPU as kernel resources in a folder of the test's. */
final class TestKernels {
    static final String NAME = "test_kernels";
    private static final Path SOURCE = Path.of("src/test/native/virtual-gpu/kernels/" + NAME + ".cu");

    private final Path folder;

    TestKernels(Path folder) {
        this.folder = folder;
        write("k/source/" + NAME + ".cu", text(SOURCE));
    }

    /** The source alone, as from a build without nvcc. */
    KernelResources resources() {
        try {
            URL url = folder.toUri().toURL();
            return new KernelResources(new URLClassLoader(new URL[] {url}, null), "k");
        } catch (MalformedURLException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    CompiledKernels cache() {
        return new CompiledKernels(folder.resolve("cache"));
    }

    Path cacheFolder() {
        return folder.resolve("cache");
    }

    /** As from a build with nvcc of this version: the image is PTX with the kernel {@code vgpu_ring} alone. */
    TestKernels built(String architectures, int ptx, String toolkit, String ptxVersion) {
        write("k/images.properties", "architectures=%s\nptx=%d\ntoolkit=%s\n".formatted(architectures, ptx, toolkit));
        write("k/" + NAME + ".fatbin", """
                .version %s
                .target sm_80
                .address_size 64
                .visible .entry vgpu_ring(.param .u32 rounds, .param .u64 out) { ret; }
                """.formatted(ptxVersion));
        return this;
    }

    void write(String file, String text) {
        try {
            Path path = folder.resolve(file);
            Files.createDirectories(path.getParent());
            Files.writeString(path, text, StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}

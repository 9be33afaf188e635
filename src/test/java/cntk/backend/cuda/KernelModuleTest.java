package cntk.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.support.VirtualGpu;
import cntk.support.VirtualGpuTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which image a device gets, what is compiled, and what is kept of it. */
@VirtualGpuTest
class KernelModuleTest {
    @TempDir
    private Path folder;

    private TestKernels kernels;
    private CudaDevice device;

    @BeforeEach
    void open() {
        kernels = new TestKernels(folder);
        device = CudaDevice.open(CudaDriver.find().devices().getFirst());
    }

    @AfterEach
    void close() {
        device.close();
    }

    @Test
    void builtImageIsTakenWhereItFits() {
        long compiled = VirtualGpu.calls("compile", VirtualGpu.HOST);
        assertThat(originAfterLoading(kernels.built("80 90", 80, "12.0", "8.0")))
                .isEqualTo("machine code sm_90");
        assertThat(originAfterLoading(kernels.built("100", 80, "12.0", "8.0")))
                .isEqualTo("PTX compute_80, translated by the driver");
        assertThat(VirtualGpu.calls("compile", VirtualGpu.HOST)).isEqualTo(compiled);
    }

    @Test
    void driverTooOldForThePtxMeansTheSourceIsCompiled() {
        assertThat(originAfterLoading(kernels.built("100 120", 80, "13.0", "9.0")))
                .isEqualTo("source, compiled by NVRTC 12.6 for sm_90");
    }

    @Test
    void imageThatTheDriverRefusesIsCompiledAgainAndTheOriginSaysSo() {
        assertThat(originAfterLoading(kernels.built("90", 80, "12.0", "9.0")))
                .isEqualTo("source, compiled by NVRTC 12.6 for sm_90 "
                        + "(the driver refused the built image: CUDA_ERROR_UNSUPPORTED_PTX_VERSION)");
    }

    @Test
    void compiledCodeIsKeptOnDisk() throws IOException {
        long before = VirtualGpu.calls("compile", VirtualGpu.HOST);
        originAfterLoading(kernels);
        originAfterLoading(kernels);
        assertThat(VirtualGpu.calls("compile", VirtualGpu.HOST)).isEqualTo(before + 1);
        assertThat(cached()).hasSize(1);
    }

    @Test
    void damagedCacheFileIsMadeAgain() throws IOException {
        long before = VirtualGpu.calls("compile", VirtualGpu.HOST);
        originAfterLoading(kernels);
        Path file = cached().getFirst();
        byte[] whole = Files.readAllBytes(file);
        byte[] damaged = whole.clone();
        damaged[10] ^= 1;
        Files.write(file, damaged);
        originAfterLoading(kernels);
        assertThat(VirtualGpu.calls("compile", VirtualGpu.HOST)).isEqualTo(before + 2);
        assertThat(file).hasBinaryContent(whole);
    }

    @Test
    void changedSourceIsCompiledAnew() throws IOException {
        originAfterLoading(kernels);
        String source = kernels.resources().source(TestKernels.NAME).text();
        kernels.write("k/source/" + TestKernels.NAME + ".cu", source + "// changed\n");
        originAfterLoading(kernels);
        assertThat(cached()).hasSize(2);
    }

    @Test
    void cacheThatCannotBeWrittenDoesNoHarm() throws IOException {
        kernels.write("cache", "a file where the folder should be");
        assertThat(originAfterLoading(kernels)).startsWith("source, compiled by NVRTC");
    }

    @Test
    void compilerErrorShowsTheLog() {
        VirtualGpu.fault("compile:error=1");
        assertThatThrownBy(() -> originAfterLoading(kernels))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("NVRTC cannot compile test_kernels.cu for sm_90")
                .hasMessageContaining("error: injected");
    }

    @Test
    void missingKernelIsNamed() {
        try (KernelModule module = KernelModule.load(device, kernels.resources(), TestKernels.NAME, kernels.cache())) {
            assertThatThrownBy(() -> module.kernels("vgpu_ring", "vgpu_rung"))
                    .isInstanceOf(KernelException.class)
                    .hasMessageContaining("test_kernels.cu")
                    .hasMessageContaining("has no kernel vgpu_rung");
        }
    }

    private String originAfterLoading(TestKernels from) {
        try (KernelModule module = KernelModule.load(device, from.resources(), TestKernels.NAME, from.cache())) {
            assertThat(module.kernel("vgpu_ring").maxThreads()).isEqualTo(1024);
            return module.origin();
        }
    }

    private List<Path> cached() throws IOException {
        try (Stream<Path> files = Files.list(kernels.cacheFolder())) {
            return files.toList();
        }
    }
}

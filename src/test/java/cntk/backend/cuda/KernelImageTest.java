package cntk.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.backend.cuda.KernelResources.Built;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelImageTest {
    private static final Optional<Built> BUILT = Optional.of(new Built(List.of(80, 86, 89, 90, 100, 120), 80, 13000));

    @ParameterizedTest
    @CsvSource({
        "80,  12060, false, MACHINE_CODE, machine code sm_80",
        "87,  12060, false, MACHINE_CODE, machine code sm_86",
        "89,  12060, false, MACHINE_CODE, machine code sm_89",
        "90,  12060, true,  MACHINE_CODE, machine code sm_90",
        "103, 13000, true,  MACHINE_CODE, machine code sm_100",
        "121, 13000, true,  MACHINE_CODE, machine code sm_120",
        "110, 13000, true,  PTX,          'PTX compute_80, translated by the driver'",
        "110, 12080, true,  NVRTC,        'source, compiled by NVRTC for sm_110'",
        "110, 12080, false, NONE,         none",
        "75,  13000, true,  NVRTC,        'source, compiled by NVRTC for sm_75'",
        "75,  13000, false, NONE,         none",
    })
    void imageFollowsFromDeviceDriverAndBuild(
            int capability, int driver, boolean nvrtc, KernelImage expected, String description) {
        KernelImage image = KernelImage.choose(BUILT, capability, driver, nvrtc);
        assertThat(image).isEqualTo(expected);
        assertThat(image.describe(BUILT, capability)).isEqualTo(description);
    }

    @Test
    void withoutNvccTheSourceIsAllThereIs() {
        assertThat(KernelImage.choose(Optional.empty(), 90, 13000, true)).isEqualTo(KernelImage.NVRTC);
        assertThat(KernelImage.choose(Optional.empty(), 90, 13000, false)).isEqualTo(KernelImage.NONE);
        assertThat(KernelImage.remedy(Optional.empty())).contains("nvcc", "libnvrtc.so.12");
        assertThat(KernelImage.remedy(BUILT)).contains("CUDA 13.0", "libnvrtc.so.12");
    }

    @Test
    void sourceCarriesItsHeadersOnceAndKeepsLineNumbers(@TempDir Path folder) {
        TestKernels kernels = new TestKernels(folder);
        kernels.write("k/source/common/a.cuh", "#pragma once\nint a;\n");
        kernels.write("k/source/common/b.cuh", "#pragma once\n#include \"a.cuh\"\nint b;\n");
        kernels.write(
                "k/source/both.cu",
                "#include \"common/b.cuh\"\n#include \"common/a.cuh\"\n#include \"elsewhere.h\"\nint main_file;\n");
        assertThat(kernels.resources().source("both").text()).isEqualTo("""
                #line 1 "both.cu"
                #line 1 "common/b.cuh"

                #line 1 "common/a.cuh"

                int a;
                #line 3 "common/b.cuh"
                int b;
                #line 2 "both.cu"

                #include "elsewhere.h"
                int main_file;
                """);
    }

    @Test
    void builtImagesAreReadFromTheJar(@TempDir Path folder) {
        TestKernels kernels = new TestKernels(folder);
        assertThat(kernels.resources().built()).isEmpty();
        kernels.built("80 86", 80, "13.0", "9.0");
        assertThat(kernels.resources().built()).contains(new Built(List.of(80, 86), 80, 13000));
    }
}

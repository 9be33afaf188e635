package cntk.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cntk.support.VirtualGpu;
import cntk.support.VirtualGpuTest;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every kind of call of the host layer fails once: the error names call and device, nothing leaks, the next run works. */
@VirtualGpuTest
class CudaFaultsTest {
    private static final int DEVICE = 1;
    private static final int COUNT = 1024;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({
        "context,          999, cuDevicePrimaryCtxRetain",
        "load,             719, cuModuleLoadData",
        "stream,           2,   cuStreamCreate",
        "event,            2,   cuEventCreate",
        "alloc,            2,   cuMemAlloc of 4096 bytes",
        "host,             2,   cuMemHostAlloc of 4096 bytes",
        "memset,           719, cuMemsetD8Async",
        "h2d,              719, cuMemcpyHtoDAsync of 4096 bytes",
        "launch,           701, 'launch of vgpu_ring (1 x 1 x 1 blocks of 1024 x 1 x 1 threads, 0 B shared)'",
        "record,           719, cuEventRecord",
        "d2h,              719, cuMemcpyDtoHAsync of 4096 bytes",
        "sync,             719, cuStreamSynchronize",
    })
    void failedCallIsNamedAndTheNextRunIsWhole(String kind, int code, String call) {
        VirtualGpu.fault(kind + "@" + DEVICE + ":error=" + code);
        CudaException failure = catchThrowableOfType(CudaException.class, this::run);
        assertThat(failure)
                .hasMessageStartingWith(call)
                .hasMessageContaining("CUDA device " + DEVICE + ": " + CUresult.stringFor(code));
        assertThat(failure.code()).isEqualTo(code);
        assertThat(failure.device()).isEqualTo(DEVICE);
        assertThat(failure.isOutOfMemory()).isEqualTo(code == CUresult.CUDA_ERROR_OUT_OF_MEMORY);
        assertThat(VirtualGpu.liveBytes(DEVICE)).isZero();
        assertThat(run()).isEqualTo(9);
    }

    @ParameterizedTest
    @ValueSource(strings = {"launch", "h2d", "d2h"})
    void lateErrorSurfacesWhenTheStreamIsWaitedFor(String kind) {
        VirtualGpu.fault(kind + "@" + DEVICE + ":error=ecc,late");
        assertThatThrownBy(this::run)
                .isInstanceOf(CudaException.class)
                .hasMessageContaining("CUDA_ERROR_ECC_UNCORRECTABLE");
        assertThat(run()).isEqualTo(9);
    }

    @Test
    void lostDeviceStaysLostAndTheOthersGoOn() {
        VirtualGpu.fault("launch@" + DEVICE + ":lost,late");
        CudaException failure = catchThrowableOfType(CudaException.class, this::run);
        assertThat(failure.leavesDeviceUsable()).isFalse();
        assertThatThrownBy(this::run)
                .isInstanceOf(CudaException.class)
                .hasMessageContaining("cuDevicePrimaryCtxRetain");
        assertThat(runOn(2)).isEqualTo(9);
    }

    @Test
    void moreMemoryThanThereIsLeavesTheDeviceUsable() {
        try (CudaDevice device = open(DEVICE)) {
            CudaException failure =
                    catchThrowableOfType(CudaException.class, () -> device.allocate(device.freeBytes() + 1));
            assertThat(failure.isOutOfMemory()).isTrue();
            assertThat(failure.leavesDeviceUsable()).isTrue();
            device.allocate(1000).close();
        }
    }

    @Tag("overrun")
    @Test
    void overrunOfAKernelTellsItsName() {
        try (CudaDevice device = open(DEVICE);
                KernelModule module = load(device);
                CudaStream stream = device.stream();
                DeviceBuffer out = device.allocate(32 * Float.BYTES)) {
            module.kernel("vgpu_write_at")
                    .launch(
                            stream,
                            LaunchShape.of(1, 32, 0),
                            new KernelArguments().add(1).add(out));
            CudaException failure = catchThrowableOfType(CudaException.class, stream::synchronize);
            assertThat(failure.code()).isEqualTo(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
            assertThat(failure.leavesDeviceUsable()).isFalse();
            assertThat(failure.during("tile 3"))
                    .hasMessageEndingWith(", during tile 3")
                    .hasCause(failure);
            assertThat(VirtualGpu.lastMessage()).contains("vgpu_write_at");
        }
        assertThat(run()).isEqualTo(9);
    }

    private int run() {
        return runOn(DEVICE);
    }

    /** Uses every kind of call once; returns the first number of a ring turned by nine. */
    private int runOn(int index) {
        try (CudaDevice device = open(index);
                KernelModule module = load(device);
                CudaStream stream = device.stream();
                CudaEvent event = device.event();
                DeviceBuffer ring = device.allocate(COUNT * Integer.BYTES);
                PinnedBuffer host = device.pinned(COUNT * Integer.BYTES)) {
            ring.fill((byte) 0, stream);
            ring.copyFrom(host.segment(), 0, stream);
            module.kernel("vgpu_ring")
                    .launch(
                            stream,
                            LaunchShape.of(1, COUNT, 0),
                            new KernelArguments().add(9).add(ring));
            event.record(stream);
            ring.copyTo(host.segment(), 0, stream);
            stream.synchronize();
            return host.segment().get(ValueLayout.JAVA_INT, 0);
        }
    }

    private static CudaDevice open(int index) {
        return CudaDevice.open(CudaDriver.find().devices().get(index));
    }

    private KernelModule load(CudaDevice device) {
        TestKernels kernels = new TestKernels(folder);
        return KernelModule.load(device, kernels.resources(), TestKernels.NAME, kernels.cache());
    }
}

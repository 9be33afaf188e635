package cntk.backend.cuda;

import static jcuda.driver.JCudaDriver.*;
import static org.assertj.core.api.Assertions.assertThat;

import cntk.support.VirtualGpu;
import cntk.support.VirtualGpuTest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.IntStream;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The test driver tested, by JCuda's bare calls: what it computes, and that it finds what it is there to find. */
@VirtualGpuTest
class VirtualGpuItselfTest {
    private final CUdevice device = new CUdevice();
    private final CUcontext context = new CUcontext();
    private final CUmodule module = new CUmodule();
    private final CUstream stream = new CUstream();

    @BeforeEach
    void open() {
        ok(cuInit(0));
        ok(cuDeviceGet(device, 1));
        ok(cuDevicePrimaryCtxRetain(context, device));
        ok(cuCtxSetCurrent(context));
        ok(cuModuleLoadData(module, image(ptx("8.5", 90))));
        ok(cuStreamCreate(stream, 1));
    }

    @AfterEach
    void close() {
        cuStreamDestroy(stream);
        cuModuleUnload(module);
        ok(cuDevicePrimaryCtxRelease(device)); // frees what the test allocated
        ok(cuCtxSetCurrent(new CUcontext()));
    }

    @Test
    void launchComputes() {
        CUdeviceptr x = upload(1, 2, 3);
        CUdeviceptr y = upload(10, 20, 30);
        launch("vgpu_axpy", 1, 256, 0, ints(3), floats(2), Pointer.to(x), Pointer.to(y));
        ok(cuStreamSynchronize(stream));
        assertThat(download(y, 3)).containsExactly(12, 24, 36);
    }

    @Test
    void sumsByShufflesAndSharedMemoryAreRight() {
        float[] numbers = new float[5000];
        IntStream.range(0, numbers.length).forEach(i -> numbers[i] = i);
        CUdeviceptr in = upload(numbers);
        CUdeviceptr out = allocate(5 * Double.BYTES);
        Pointer scaling = Pointer.to(java.nio.ByteBuffer.allocateDirect(8)
                .order(java.nio.ByteOrder.nativeOrder())
                .putInt(numbers.length)
                .putFloat(2)
                .flip());
        launch("vgpu_block_sum", 5, 1024, 32 * Double.BYTES, scaling, Pointer.to(in), Pointer.to(out));
        ok(cuStreamSynchronize(stream));
        double[] sums = new double[5];
        ok(cuMemcpyDtoH(Pointer.to(sums), out, 5 * Double.BYTES));
        assertThat(Arrays.stream(sums).sum()).isEqualTo(4999.0 * 5000);
        assertThat(sums[0]).isEqualTo(1023.0 * 1024);
    }

    @Test
    void warpScanAndBallotAreRight() {
        CUdeviceptr values = uploadInts(IntStream.range(0, 64).toArray());
        launch("vgpu_warp_scan", 1, 64, 0, Pointer.to(values));
        ok(cuStreamSynchronize(stream));
        int[] expected = new int[64];
        for (int t = 0; t < 64; t++) {
            int sum = IntStream.rangeClosed(t / 32 * 32, t).sum();
            expected[t] = sum + (sum & 1) * 1000;
        }
        assertThat(downloadInts(values, 64)).containsExactly(expected);
    }

    @Test
    void barriersOrderTheThreadsOfABlock() {
        CUdeviceptr out = allocate(1024 * Integer.BYTES);
        launch("vgpu_ring", 1, 1024, 0, ints(50), Pointer.to(out));
        ok(cuStreamSynchronize(stream));
        assertThat(downloadInts(out, 1024))
                .containsExactly(
                        IntStream.range(0, 1024).map(t -> (t + 50) % 1024).toArray());
    }

    @Test
    void missingBarrierShowsUpUnderRandomSchedules() {
        CUdeviceptr out = allocate(256 * Integer.BYTES);
        int wrong = 0;
        for (int repeat = 0; repeat < 20; repeat++) {
            launch("vgpu_race", 1, 256, 0, Pointer.to(out));
            ok(cuStreamSynchronize(stream));
            int[] got = downloadInts(out, 256);
            wrong += IntStream.range(0, 256).anyMatch(t -> got[t] != (t + 255) % 256) ? 1 : 0;
        }
        assertThat(wrong).isGreaterThan(10);
    }

    @Test
    void divergentBarrierFailsTheLaunch() {
        CUdeviceptr out = allocate(128 * Integer.BYTES);
        launch("vgpu_divergent", 1, 128, 0, Pointer.to(out));
        assertThat(cuStreamSynchronize(stream)).isEqualTo(CUresult.CUDA_ERROR_LAUNCH_FAILED);
        assertThat(VirtualGpu.lastMessage()).contains("vgpu_divergent", "only a part of the block reaches a barrier");
        assertThat(cuMemAlloc(new CUdeviceptr(), 4)).isEqualTo(CUresult.CUDA_ERROR_LAUNCH_FAILED);
    }

    @Tag("overrun")
    @ParameterizedTest
    @ValueSource(ints = {1, 100, 100_000, -1})
    void writeOutsideAnAllocationIsAnIllegalAddress(int first) {
        CUdeviceptr out = allocate(32 * Float.BYTES);
        launch("vgpu_write_at", 1, 32, 0, ints(first), Pointer.to(out));
        assertThat(cuStreamSynchronize(stream)).isEqualTo(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
        assertThat(VirtualGpu.lastMessage()).contains("vgpu_write_at");
    }

    @Test
    void pointerOfAnotherDeviceIsAnIllegalAddress() {
        CUdevice other = new CUdevice();
        CUcontext there = new CUcontext();
        ok(cuDeviceGet(other, 2));
        ok(cuDevicePrimaryCtxRetain(there, other));
        ok(cuCtxPushCurrent(there));
        CUdeviceptr foreign = allocate(32 * Float.BYTES);
        ok(cuCtxPopCurrent(there));
        launch("vgpu_write_at", 1, 32, 0, ints(0), Pointer.to(foreign));
        assertThat(cuStreamSynchronize(stream)).isEqualTo(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
        assertThat(VirtualGpu.lastMessage()).contains("points to no memory of this device");
        ok(cuDevicePrimaryCtxRelease(other));
    }

    @Test
    void freshMemoryIsNan() {
        assertThat(download(allocate(64 * Float.BYTES), 64)).containsOnly(Float.NaN);
        CUdeviceptr out = allocate(64 * Float.BYTES);
        for (int repeat = 0; repeat < 3; repeat++) { // a block finds nothing of the one before it
            launch("vgpu_fresh_shared", 1, 32, 32 * Float.BYTES, Pointer.to(out));
        }
        ok(cuStreamSynchronize(stream));
        assertThat(download(out, 64)).containsOnly(Float.NaN);
    }

    @Test
    void launchesAreAsynchronous() {
        VirtualGpu.fault("launch@1:delay_ms=200");
        CUdeviceptr out = allocate(1024 * Integer.BYTES);
        long start = System.nanoTime();
        launch("vgpu_ring", 1, 1024, 0, ints(1), Pointer.to(out));
        assertThat(System.nanoTime() - start).isLessThan(150_000_000);
        assertThat(cuStreamQuery(stream)).isEqualTo(CUresult.CUDA_ERROR_NOT_READY);
        ok(cuStreamSynchronize(stream));
        assertThat(System.nanoTime() - start).isGreaterThan(190_000_000);
    }

    @Test
    void moreThreadsThanTheLaunchBoundsAreRefused() {
        CUdeviceptr out = allocate(Float.BYTES);
        assertThat(cuLaunchKernel(
                        function("vgpu_axpy"),
                        1,
                        1,
                        1,
                        257,
                        1,
                        1,
                        0,
                        stream,
                        Pointer.to(ints(0), floats(1), Pointer.to(out), Pointer.to(out)),
                        null))
                .isEqualTo(CUresult.CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
        int[] bound = new int[1];
        ok(cuFuncGetAttribute(bound, 0, function("vgpu_axpy")));
        assertThat(bound[0]).isEqualTo(256);
    }

    @Test
    void lateFaultShowsUpAtTheNextSynchronization() {
        VirtualGpu.fault("launch@1:k=2,error=ecc,late");
        CUdeviceptr out = allocate(1024 * Integer.BYTES);
        launch("vgpu_ring", 1, 1024, 0, ints(1), Pointer.to(out));
        ok(cuStreamSynchronize(stream));
        launch("vgpu_ring", 1, 1024, 0, ints(1), Pointer.to(out));
        assertThat(cuStreamSynchronize(stream)).isEqualTo(CUresult.CUDA_ERROR_ECC_UNCORRECTABLE);
    }

    @Test
    void imageWithOtherParametersThanTheHostBuildIsRefused() {
        String wrong = ptx("8.5", 90).replace(".param .f32 a", ".param .f64 a");
        assertThat(cuModuleLoadData(new CUmodule(), image(wrong))).isEqualTo(CUresult.CUDA_ERROR_INVALID_PTX);
        assertThat(VirtualGpu.lastMessage()).contains("vgpu_axpy has other parameters");
    }

    @Test
    void imageNewerThanTheDriverOrTheDeviceIsRefused() {
        assertThat(cuModuleLoadData(new CUmodule(), image(ptx("9.0", 90))))
                .isEqualTo(CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION);
        assertThat(cuModuleLoadData(new CUmodule(), image(ptx("8.5", 100))))
                .isEqualTo(CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU);
    }

    private static String ptx(String version, int capability) {
        return """
                .version %s
                .target sm_%d
                .address_size 64
                .visible .entry vgpu_axpy(.param .u32 count, .param .f32 a, .param .u64 x, .param .u64 y) { ret; }
                .visible .entry vgpu_block_sum(.param .align 4 .b8 scaling[8], .param .u64 in, .param .u64 out) { ret; }
                .visible .entry vgpu_warp_scan(.param .u64 values) { ret; }
                .visible .entry vgpu_ring(.param .u32 rounds, .param .u64 out) { ret; }
                .visible .entry vgpu_race(.param .u64 out) { ret; }
                .visible .entry vgpu_divergent(.param .u64 out) { ret; }
                .visible .entry vgpu_write_at(.param .u32 first, .param .u64 out) { ret; }
                .visible .entry vgpu_fresh_shared(.param .u64 out) { ret; }
                """.formatted(version, capability);
    }

    private static byte[] image(String ptx) {
        return (ptx + "\0").getBytes(StandardCharsets.US_ASCII);
    }

    private static void ok(int code) {
        assertThat(code).as(() -> CUresult.stringFor(code)).isEqualTo(CUresult.CUDA_SUCCESS);
    }

    private CUfunction function(String kernel) {
        CUfunction function = new CUfunction();
        ok(cuModuleGetFunction(function, module, kernel));
        return function;
    }

    private void launch(String kernel, int blocks, int threads, int shared, Pointer... parameters) {
        ok(cuLaunchKernel(function(kernel), blocks, 1, 1, threads, 1, 1, shared, stream, Pointer.to(parameters), null));
    }

    private static Pointer ints(int... values) {
        return Pointer.to(values);
    }

    private static Pointer floats(float... values) {
        return Pointer.to(values);
    }

    private static CUdeviceptr allocate(long bytes) {
        CUdeviceptr start = new CUdeviceptr();
        ok(cuMemAlloc(start, bytes));
        return start;
    }

    private static CUdeviceptr upload(float... values) {
        CUdeviceptr start = allocate((long) values.length * Float.BYTES);
        ok(cuMemcpyHtoD(start, Pointer.to(values), (long) values.length * Float.BYTES));
        return start;
    }

    private static CUdeviceptr uploadInts(int... values) {
        CUdeviceptr start = allocate((long) values.length * Integer.BYTES);
        ok(cuMemcpyHtoD(start, Pointer.to(values), (long) values.length * Integer.BYTES));
        return start;
    }

    private static float[] download(CUdeviceptr start, int count) {
        float[] values = new float[count];
        ok(cuMemcpyDtoH(Pointer.to(values), start, (long) count * Float.BYTES));
        return values;
    }

    private static int[] downloadInts(CUdeviceptr start, int count) {
        int[] values = new int[count];
        ok(cuMemcpyDtoH(Pointer.to(values), start, (long) count * Integer.BYTES));
        return values;
    }
}

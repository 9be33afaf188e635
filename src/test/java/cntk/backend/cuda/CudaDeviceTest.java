package cntk.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.support.VirtualGpu;
import cntk.support.VirtualGpuTest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Contexts, memory, streams, events and launches of the host layer, on virtual GPUs. */
@VirtualGpuTest
class CudaDeviceTest {
    @TempDir
    private Path folder;

    @Test
    void driverListsEveryDeviceWithItsFacts() {
        CudaDriver driver = CudaDriver.find();
        assertThat(driver.absence()).isEmpty();
        assertThat(driver.versionText()).isEqualTo("CUDA 12.6");
        assertThat(driver.devices()).hasSize(VirtualGpu.DEVICES);
        CudaDeviceInfo second = driver.devices().get(1);
        assertThat(second.name()).isEqualTo("Virtual GPU 1 (CPU)");
        assertThat(second.index()).isEqualTo(1);
        assertThat(second.capabilityText()).isEqualTo("9.0");
        assertThat(second.memoryBytes()).isEqualTo(512L << 20);
        assertThat(second.multiprocessors()).isEqualTo(132);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    void kernelComputesOnEveryDevice(int index) {
        try (CudaDevice device = open(index);
                KernelModule module = load(device);
                CudaStream stream = device.stream();
                DeviceBuffer out = device.allocate(1024 * Integer.BYTES);
                PinnedBuffer host = device.pinned(1024 * Integer.BYTES)) {
            module.kernel("vgpu_ring")
                    .launch(
                            stream,
                            LaunchShape.of(1, 1024, 0),
                            new KernelArguments().add(7).add(out));
            out.copyTo(host.segment(), 0, stream);
            stream.synchronize();
            assertThat(host.segment().toArray(ValueLayout.JAVA_INT))
                    .containsExactly(
                            IntStream.range(0, 1024).map(t -> (t + 7) % 1024).toArray());
        }
    }

    @Test
    void structsAndNumbersArriveAsTheKernelDeclaresThem() {
        try (Arena arena = Arena.ofConfined();
                CudaDevice device = open(0);
                KernelModule module = load(device);
                CudaStream stream = device.stream();
                DeviceBuffer in = device.allocate(64 * Float.BYTES);
                DeviceBuffer out = device.allocate(2 * Double.BYTES)) {
            MemorySegment ones = arena.allocate(64 * Float.BYTES);
            ones.asByteBuffer()
                    .order(java.nio.ByteOrder.nativeOrder())
                    .asFloatBuffer()
                    .put(new float[64]);
            IntStream.range(0, 64).forEach(i -> ones.setAtIndex(ValueLayout.JAVA_FLOAT, i, 1f));
            in.copyFrom(ones, 0, stream);
            MemorySegment scaling = arena.allocate(8, 4);
            scaling.set(ValueLayout.JAVA_INT, 0, 50);
            scaling.set(ValueLayout.JAVA_FLOAT, 4, 0.5f);
            KernelArguments arguments =
                    new KernelArguments().addStruct(scaling).add(in).add(out, Double.BYTES);
            scaling.set(ValueLayout.JAVA_INT, 0, 3); // too late to matter
            module.kernel("vgpu_block_sum").launch(stream, LaunchShape.of(1, 64, 32 * Double.BYTES), arguments);
            MemorySegment sum = arena.allocate(Double.BYTES);
            out.copyTo(sum, Double.BYTES, stream);
            stream.synchronize();
            assertThat(sum.get(ValueLayout.JAVA_DOUBLE, 0)).isEqualTo(25);
        }
    }

    @Test
    void launchBoundsAreTheKernelsOwn() {
        try (CudaDevice device = open(0);
                KernelModule module = load(device)) {
            List<Kernel> kernels = module.kernels("vgpu_axpy", "vgpu_ring");
            assertThat(kernels).extracting(Kernel::maxThreads).containsExactly(256, 1024);
            assertThat(kernels.getFirst().blocksPerMultiprocessor(256, 0)).isEqualTo(8);
            kernels.getFirst().allowSharedBytes(100_000);
            assertThat(kernels.getFirst().blocksPerMultiprocessor(256, 100_000)).isEqualTo(2);
        }
    }

    @Test
    void eventsOrderStreamsAndTellTimes() {
        VirtualGpu.fault("launch@0:delay_ms=60");
        try (CudaDevice device = open(0);
                KernelModule module = load(device);
                CudaStream first = device.stream();
                CudaStream second = device.stream();
                CudaEvent start = device.event();
                CudaEvent end = device.event();
                DeviceBuffer ring = device.allocate(1024 * Integer.BYTES);
                PinnedBuffer host = device.pinned(1024 * Integer.BYTES)) {
            start.record(first);
            module.kernel("vgpu_ring")
                    .launch(
                            first,
                            LaunchShape.of(1, 1024, 0),
                            new KernelArguments().add(5).add(ring));
            end.record(first);
            second.waitFor(end);
            ring.copyTo(host.segment(), 0, second);
            assertThat(second.isDone()).isFalse();
            second.synchronize();
            assertThat(second.isDone()).isTrue();
            assertThat(host.segment().get(ValueLayout.JAVA_INT, 0)).isEqualTo(5);
            end.synchronize();
            assertThat(end.millisecondsSince(start)).isBetween(50f, 10_000f);
        }
    }

    @Test
    void fillSetsEveryByteAndFreeMemoryShrinks() {
        try (Arena arena = Arena.ofConfined();
                CudaDevice device = open(2);
                CudaStream stream = device.stream()) {
            long before = device.freeBytes();
            try (DeviceBuffer buffer = device.allocate(1 << 20)) {
                assertThat(device.freeBytes()).isEqualTo(before - (1 << 20));
                buffer.fill((byte) 3, stream);
                MemorySegment end = arena.allocate(4);
                buffer.copyTo(end, buffer.bytes() - 4, stream);
                stream.synchronize();
                assertThat(end.get(ValueLayout.JAVA_INT, 0)).isEqualTo(0x03030303);
            }
            assertThat(device.freeBytes()).isEqualTo(before);
        }
    }

    @Test
    void registeredMemoryIsCopiedBesideTheHost() {
        VirtualGpu.fault("h2d@0:delay_ms=150");
        try (Arena arena = Arena.ofConfined();
                CudaDevice device = open(0);
                CudaStream stream = device.stream();
                DeviceBuffer buffer = device.allocate(4096)) {
            MemorySegment memory = arena.allocate(4096, 8);
            try (RegisteredMemory _ = new RegisteredMemory(device, memory)) {
                buffer.copyFrom(memory, 0, stream);
                assertThat(stream.isDone()).isFalse();
                stream.synchronize();
            }
        }
    }

    @Test
    void copyOutsideTheBufferIsRefusedBeforeTheDriverSeesIt() {
        try (Arena arena = Arena.ofConfined();
                CudaDevice device = open(0);
                CudaStream stream = device.stream();
                DeviceBuffer buffer = device.allocate(16)) {
            MemorySegment host = arena.allocate(16);
            assertThatThrownBy(() -> buffer.copyFrom(host, 1, stream)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> buffer.copyTo(host, -1, stream)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void onlyTheOwnerThreadMayUseADevice() throws Exception {
        try (CudaDevice device = open(0);
                CudaStream stream = device.stream()) {
            Throwable[] seen = new Throwable[2];
            Thread other = Thread.ofPlatform().start(() -> {
                seen[0] = org.assertj.core.api.Assertions.catchThrowable(() -> device.allocate(1));
                seen[1] = org.assertj.core.api.Assertions.catchThrowable(stream::synchronize);
            });
            other.join();
            assertThat(seen).allMatch(WrongThreadException.class::isInstance);
        }
    }

    @Test
    void whatIsClosedSaysSo() {
        CudaDevice device = open(0);
        CudaStream stream = device.stream();
        DeviceBuffer buffer = device.allocate(8);
        buffer.close();
        buffer.close();
        stream.close();
        assertThatThrownBy(buffer::address).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(stream::synchronize).isInstanceOf(IllegalStateException.class);
        device.close();
        device.close();
        assertThatThrownBy(device::freeBytes).isInstanceOf(IllegalStateException.class);
    }

    private static CudaDevice open(int index) {
        return CudaDevice.open(CudaDriver.find().devices().get(index));
    }

    private KernelModule load(CudaDevice device) {
        TestKernels kernels = new TestKernels(folder);
        return KernelModule.load(device, kernels.resources(), TestKernels.NAME, kernels.cache());
    }
}

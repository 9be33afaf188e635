package cntk.backend.cuda;

import java.lang.foreign.MemorySegment;
import jcuda.driver.JCudaDriver;

/** Pinned host memory: copies from and to it run beside the host. Whoever allocates it closes it. */
public final class PinnedBuffer implements AutoCloseable {
    private final CudaDevice device;
    private final HostMemory start = new HostMemory();
    private final MemorySegment segment;
    private boolean closed;

    @SuppressWarnings("restricted") // the driver hands out an address
    PinnedBuffer(CudaDevice device, long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("pinned memory of " + bytes + " bytes");
        }
        this.device = device;
        device.enter();
        device.check(JCudaDriver.cuMemHostAlloc(start, bytes, 0), "cuMemHostAlloc of " + bytes + " bytes");
        segment = MemorySegment.ofAddress(start.address()).reinterpret(bytes);
    }

    /** The memory; not to be touched after {@link #close}. */
    public MemorySegment segment() {
        if (closed) {
            throw new IllegalStateException("pinned memory is closed");
        }
        return segment;
    }

    /** For calls of other CUDA libraries. */
    public jcuda.Pointer pointer() {
        segment();
        return start;
    }

    @Override
    public void close() {
        if (!closed) {
            device.enter();
            closed = true;
            JCudaDriver.cuMemFreeHost(start);
        }
    }
}

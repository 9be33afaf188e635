package cntk.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Objects;
import jcuda.driver.JCudaDriver;

/** Device memory that whoever allocates it closes. */
public final class DeviceBuffer implements AutoCloseable {
    private final CudaDevice device;
    private final DeviceMemory start = new DeviceMemory();
    private final long bytes;
    private boolean closed;

    DeviceBuffer(CudaDevice device, long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("device memory of " + bytes + " bytes");
        }
        this.device = device;
        this.bytes = bytes;
        device.enter();
        device.check(JCudaDriver.cuMemAlloc(start, bytes), "cuMemAlloc of " + bytes + " bytes");
    }

    public long bytes() {
        return bytes;
    }

    /** The address that kernels see. */
    public long address() {
        enter();
        return start.address();
    }

    /**
     * Starts copying all of {@code from} to byte {@code offset} of this buffer. Asynchronous if the memory is pinned: it must
     * then stay as it is until the stream has got there. Otherwise the copy is over on return.
     */
    public void copyFrom(MemorySegment from, long offset, CudaStream stream) {
        Objects.checkFromIndexSize(offset, from.byteSize(), bytes);
        enter();
        try {
            device.check(
                    JCudaDriver.cuMemcpyHtoDAsync(
                            start.plus(offset), new HostMemory(from), from.byteSize(), stream.handle()),
                    "cuMemcpyHtoDAsync of " + from.byteSize() + " bytes");
        } finally {
            Reference.reachabilityFence(from);
        }
    }

    /** Starts filling all of {@code to} from byte {@code offset} of this buffer; asynchronous as {@link #copyFrom}. */
    public void copyTo(MemorySegment to, long offset, CudaStream stream) {
        Objects.checkFromIndexSize(offset, to.byteSize(), bytes);
        enter();
        try {
            device.check(
                    JCudaDriver.cuMemcpyDtoHAsync(
                            new HostMemory(to), start.plus(offset), to.byteSize(), stream.handle()),
                    "cuMemcpyDtoHAsync of " + to.byteSize() + " bytes");
        } finally {
            Reference.reachabilityFence(to);
        }
    }

    /** Starts setting every byte to {@code value}. */
    public void fill(byte value, CudaStream stream) {
        enter();
        device.check(JCudaDriver.cuMemsetD8Async(start, value, bytes, stream.handle()), "cuMemsetD8Async");
    }

    /** For calls of other CUDA libraries. */
    public jcuda.Pointer pointer() {
        enter();
        return start;
    }

    private void enter() {
        if (closed) {
            throw new IllegalStateException("device memory is closed");
        }
        device.enter();
    }

    /** Waits for the device's work, then frees; after an error that sticks the context's end frees it. */
    @Override
    public void close() {
        if (!closed) {
            enter();
            closed = true;
            JCudaDriver.cuMemFree(start);
        }
    }
}

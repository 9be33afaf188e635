package cntk.backend.cuda;

import java.lang.foreign.MemorySegment;
import jcuda.driver.JCudaDriver;

/** Pins host memory that exists already, for as long as this is open: a copy of gigabytes then runs at the bus' speed. */
public final class RegisteredMemory implements AutoCloseable {
    private final CudaDevice device;
    private final HostMemory start;
    private boolean closed;

    /** @throws CudaException where the system's limit of locked memory is too low, for example */
    public RegisteredMemory(CudaDevice device, MemorySegment segment) {
        this.device = device;
        this.start = new HostMemory(segment);
        device.enter();
        device.check(
                JCudaDriver.cuMemHostRegister(start, segment.byteSize(), 0),
                "cuMemHostRegister of " + segment.byteSize() + " bytes");
    }

    @Override
    public void close() {
        if (!closed) {
            device.enter();
            closed = true;
            JCudaDriver.cuMemHostUnregister(start);
        }
    }
}

package cntk.backend.cuda;

import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/** A queue of work on a device; runs beside other streams and beside the host. */
public final class CudaStream implements AutoCloseable {
    private final CudaDevice device;
    private final CUstream handle = new CUstream();
    private boolean closed;

    CudaStream(CudaDevice device) {
        this.device = device;
        device.enter();
        device.check(JCudaDriver.cuStreamCreate(handle, CUstream_flags.CU_STREAM_NON_BLOCKING), "cuStreamCreate");
    }

    /** Waits until all work is done; errors of that work surface here. */
    public void synchronize() {
        device.check(JCudaDriver.cuStreamSynchronize(handle()), "cuStreamSynchronize");
    }

    /** Whether all work is done; errors of that work surface here, too. */
    public boolean isDone() {
        int code = JCudaDriver.cuStreamQuery(handle());
        if (code == CUresult.CUDA_ERROR_NOT_READY) {
            return false;
        }
        device.check(code, "cuStreamQuery");
        return true;
    }

    /** Work added from now on starts after the event. */
    public void waitFor(CudaEvent event) {
        device.check(JCudaDriver.cuStreamWaitEvent(handle(), event.handle(), 0), "cuStreamWaitEvent");
    }

    /** For calls of other CUDA libraries. */
    public CUstream handle() {
        if (closed) {
            throw new IllegalStateException("the stream is closed");
        }
        device.enter();
        return handle;
    }

    @Override
    public void close() {
        if (!closed) {
            handle();
            closed = true;
            JCudaDriver.cuStreamDestroy(handle);
        }
    }
}

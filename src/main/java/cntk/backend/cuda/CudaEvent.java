package cntk.backend.cuda;

import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.JCudaDriver;

/** A mark in a stream: to be waited for, or to take times between. */
public final class CudaEvent implements AutoCloseable {
    private final CudaDevice device;
    private final CUevent handle = new CUevent();
    private boolean closed;

    CudaEvent(CudaDevice device) {
        this.device = device;
        device.enter();
        device.check(JCudaDriver.cuEventCreate(handle, CUevent_flags.CU_EVENT_DEFAULT), "cuEventCreate");
    }

    /** Marks the point after all work that the stream has now. */
    public void record(CudaStream stream) {
        device.check(JCudaDriver.cuEventRecord(handle(), stream.handle()), "cuEventRecord");
    }

    /** Waits until the stream has passed the mark; errors of the work before it surface here. */
    public void synchronize() {
        device.check(JCudaDriver.cuEventSynchronize(handle()), "cuEventSynchronize");
    }

    /** Milliseconds from an earlier event to this one; both must have passed. */
    public float millisecondsSince(CudaEvent start) {
        float[] milliseconds = new float[1];
        device.check(JCudaDriver.cuEventElapsedTime(milliseconds, start.handle(), handle()), "cuEventElapsedTime");
        return milliseconds[0];
    }

    CUevent handle() {
        if (closed) {
            throw new IllegalStateException("the event is closed");
        }
        device.enter();
        return handle;
    }

    @Override
    public void close() {
        if (!closed) {
            handle();
            closed = true;
            JCudaDriver.cuEventDestroy(handle);
        }
    }
}

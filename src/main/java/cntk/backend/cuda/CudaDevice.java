package cntk.backend.cuda;

import jcuda.driver.CUcontext;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * One GPU at work: its primary context, current on the thread that opened it. That thread is its owner: only it may use the
 * device and what was made from it (another one gets {@link WrongThreadException}), and it closes the device last.
 */
public final class CudaDevice implements AutoCloseable {
    private final CudaDeviceInfo info;
    private final Thread owner = Thread.currentThread();
    private boolean closed;

    private CudaDevice(CudaDeviceInfo info) {
        this.info = info;
    }

    /**
     * Opens a device for the calling thread.
     *
     * @throws CudaException if the driver refuses
     */
    public static CudaDevice open(CudaDeviceInfo info) {
        CUcontext context = new CUcontext();
        int index = info.index();
        CudaDriver.check(
                JCudaDriver.cuDevicePrimaryCtxRetain(context, CudaDriver.handle(index)),
                "cuDevicePrimaryCtxRetain",
                index);
        int code = JCudaDriver.cuCtxPushCurrent(context);
        if (code != CUresult.CUDA_SUCCESS) {
            JCudaDriver.cuDevicePrimaryCtxRelease(CudaDriver.handle(index));
            throw CudaException.of("cuCtxPushCurrent", index, code);
        }
        return new CudaDevice(info);
    }

    public CudaDeviceInfo info() {
        return info;
    }

    /** Device memory of its own; fresh memory holds anything. */
    public DeviceBuffer allocate(long bytes) {
        return new DeviceBuffer(this, bytes);
    }

    /** Host memory that copies need not wait for. */
    public PinnedBuffer pinned(long bytes) {
        return new PinnedBuffer(this, bytes);
    }

    public CudaStream stream() {
        return new CudaStream(this);
    }

    public CudaEvent event() {
        return new CudaEvent(this);
    }

    /** Bytes of device memory that an allocation may still get, roughly: the driver rounds. */
    public long freeBytes() {
        enter();
        long[] free = new long[1];
        check(JCudaDriver.cuMemGetInfo(free, new long[1]), "cuMemGetInfo");
        return free[0];
    }

    /** Waits for everything that was started; errors of earlier work surface here. */
    public void synchronize() {
        enter();
        check(JCudaDriver.cuCtxSynchronize(), "cuCtxSynchronize");
    }

    /** Throws for every code but success. The code is that of a call which the owner thread just made. */
    void check(int code, String call) {
        CudaDriver.check(code, call, info.index());
    }

    /** Called before each call of the driver. */
    void enter() {
        if (!Thread.currentThread().equals(owner)) {
            throw new WrongThreadException("CUDA device " + info.index() + " belongs to thread " + owner.getName());
        }
        if (closed) {
            throw new IllegalStateException("CUDA device " + info.index() + " is closed");
        }
    }

    /**
     * Gives the device back. Result codes count for nothing here: after an error that sticks each call repeats it, and the
     * driver takes back what is left together with the context.
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        enter();
        closed = true;
        JCudaDriver.cuCtxPopCurrent(new CUcontext());
        JCudaDriver.cuDevicePrimaryCtxRelease(CudaDriver.handle(info.index()));
    }
}

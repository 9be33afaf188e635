package cntk.backend.cuda;

import jcuda.driver.CUdeviceptr;

/** An address on a device that Java can compute with. */
final class DeviceMemory extends CUdeviceptr {
    DeviceMemory() {}

    private DeviceMemory(DeviceMemory start, long byteOffset) {
        super(start, byteOffset);
    }

    DeviceMemory plus(long bytes) {
        return new DeviceMemory(this, bytes);
    }

    /** The address that a kernel sees. */
    long address() {
        return getNativePointer() + getByteOffset();
    }
}

package cntk.backend.cuda;

/**
 * What the driver says of a device.
 *
 * @param index its number among all devices that the driver lists
 * @param capability compute capability: 90 is 9.0, machine code sm_90
 * @param multiprocessors streaming multiprocessors
 * @param sharedBytesPerBlock most shared memory of a block that asks for it
 * @param driver newest CUDA version of the driver: 12060 is CUDA 12.6
 */
public record CudaDeviceInfo(
        int index,
        String name,
        int capability,
        long memoryBytes,
        int multiprocessors,
        int sharedBytesPerBlock,
        int driver) {

    /** As in {@code 9.0}. */
    public String capabilityText() {
        return capability / 10 + "." + capability % 10;
    }

    /** As in {@code CUDA 12.6}. */
    public String driverText() {
        return CudaDriver.text(driver);
    }
}

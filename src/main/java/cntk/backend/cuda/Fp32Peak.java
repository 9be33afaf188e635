package cntk.backend.cuda;

import java.util.OptionalDouble;
import java.util.OptionalInt;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.JCudaDriver;

/** What a device could do at most: multiprocessors times fp32 lanes times the highest clock that the driver names. */
public final class Fp32Peak {
    private Fp32Peak() {}

    /** Multiply-adds a second; empty where clock or lanes are unknown. */
    public static OptionalDouble multiplyAddsPerSecond(CudaDeviceInfo device) {
        OptionalDouble clock = clockHertz(device);
        OptionalInt lanes = lanes(device.capability());
        return clock.isEmpty() || lanes.isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(clock.getAsDouble() * lanes.getAsInt() * device.multiprocessors());
    }

    /** The highest clock of the multiprocessors; the running one may be lower. Empty where the driver names none. */
    public static OptionalDouble clockHertz(CudaDeviceInfo device) {
        int[] kilohertz = new int[1];
        CudaDriver.check(
                JCudaDriver.cuDeviceGetAttribute(
                        kilohertz,
                        CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CLOCK_RATE,
                        CudaDriver.handle(device.index())),
                "cuDeviceGetAttribute",
                device.index());
        return kilohertz[0] > 0 ? OptionalDouble.of(kilohertz[0] * 1e3) : OptionalDouble.empty();
    }

    /** fp32 lanes of a multiprocessor (CUDA C++ programming guide, throughput of native arithmetic instructions). */
    static OptionalInt lanes(int capability) {
        return switch (capability) {
            case 70, 72, 75, 80 -> OptionalInt.of(64);
            case 61, 62, 86, 87, 89, 90, 100, 101, 103, 110, 120, 121 -> OptionalInt.of(128);
            default -> OptionalInt.empty();
        };
    }
}

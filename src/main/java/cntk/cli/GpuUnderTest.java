package cntk.cli;

import cntk.backend.BackendStarter;
import cntk.backend.BackendUnavailableException;
import cntk.backend.cuda.CudaDeviceInfo;
import cntk.backend.cuda.CudaDriver;
import cntk.backend.cuda.Fp32Peak;
import cntk.backend.cuda.KernelChoice;
import cntk.dataset.InputException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/** The GPU that {@code cntk bench gpu} looks at. */
record GpuUnderTest(CudaDeviceInfo info) {
    /** How the tests' driver names its devices (src/test/native/virtual-gpu). */
    private static final String VIRTUAL = "Virtual GPU";

    private static final double GIB = 1L << 30;

    /** @throws BackendUnavailableException if this machine has no GPU, with the reason */
    static GpuUnderTest find(int device) {
        CudaDriver driver = CudaDriver.find();
        driver.absence().ifPresent(reason -> {
            throw new BackendUnavailableException("there is no GPU to measure: " + reason);
        });
        List<CudaDeviceInfo> devices = driver.devices();
        if (device < 0 || device >= devices.size()) {
            throw new InputException("--device is " + device + ", but this machine has devices 0 to "
                    + (devices.size() - 1) + "\nhint: cntk devices lists them");
        }
        return new GpuUnderTest(devices.get(device));
    }

    /** Made of the CPU: its times mean nothing. */
    boolean virtual() {
        return info.name().startsWith(VIRTUAL);
    }

    BackendStarter starter() {
        return (task, precision) -> {
            throw new BackendUnavailableException("this build has no CUDA backend");
        };
    }

    /** Multiply-adds a second at most; unknown for a virtual one. */
    OptionalDouble peak() {
        return virtual() ? OptionalDouble.empty() : Fp32Peak.multiplyAddsPerSecond(info);
    }

    /** Two lines for people. */
    List<String> lines() {
        OptionalDouble clock = Fp32Peak.clockHertz(info);
        return List.of(
                String.format(
                        Locale.ROOT,
                        "device    cuda/%d %s: compute capability %s, %d multiprocessors%s, %.1f GiB, driver of %s",
                        info.index(),
                        info.name(),
                        info.capabilityText(),
                        info.multiprocessors(),
                        clock.isEmpty()
                                ? ""
                                : String.format(Locale.ROOT, " at up to %.2f GHz", clock.getAsDouble() / 1e9),
                        info.memoryBytes() / GIB,
                        info.driverText()),
                "kernels   " + KernelChoice.of(info).description());
    }

    Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("device", "cuda/" + info.index());
        fields.put("name", info.name());
        fields.put("virtual", virtual());
        fields.put("compute_capability", info.capabilityText());
        fields.put("multiprocessors", info.multiprocessors());
        fields.put("clock_hertz", orNull(Fp32Peak.clockHertz(info)));
        fields.put("fp32_peak_multiply_adds_per_second", orNull(peak()));
        fields.put("memory_bytes", info.memoryBytes());
        fields.put("driver", info.driverText());
        fields.put("kernels", KernelChoice.of(info).description());
        return fields;
    }

    @SuppressWarnings("NullAway") // JSON has null for what is not known
    static Object orNull(OptionalDouble value) {
        return value.isPresent() ? value.getAsDouble() : null;
    }
}

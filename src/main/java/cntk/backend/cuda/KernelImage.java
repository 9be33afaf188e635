package cntk.backend.cuda;

import java.util.Optional;

/** Where a device's kernels come from. The order of the constants is the order of preference. */
public enum KernelImage {
    /** Machine code built by nvcc. */
    MACHINE_CODE,
    /** PTX built by nvcc, translated by the driver. */
    PTX,
    /** The packaged source, compiled on this machine by NVRTC. */
    NVRTC,
    NONE;

    /**
     * The choice for a device. Machine code runs on its own major version from its own minor version up; PTX on every later
     * device, if the driver is as new as the toolkit that wrote it. NVRTC is taken for able to serve any device.
     *
     * @param built what the jar has, if anything
     * @param nvrtc whether NVRTC is on this machine
     */
    public static KernelImage choose(Optional<KernelResources.Built> built, int capability, int driver, boolean nvrtc) {
        if (built.isPresent()) {
            KernelResources.Built images = built.get();
            if (machineCode(images, capability) > 0) {
                return MACHINE_CODE;
            }
            if (images.ptx() > 0 && images.ptx() <= capability && driver >= images.toolkit()) {
                return PTX;
            }
        }
        return nvrtc ? NVRTC : NONE;
    }

    /** The best architecture whose machine code runs on the device; 0 if there is none. */
    static int machineCode(KernelResources.Built built, int capability) {
        return built.architectures().stream()
                .filter(architecture -> architecture / 10 == capability / 10 && architecture <= capability)
                .mapToInt(Integer::intValue)
                .max()
                .orElse(0);
    }

    /** For people: what will be loaded on a device. */
    public String describe(Optional<KernelResources.Built> built, int capability) {
        return switch (this) {
            case MACHINE_CODE -> "machine code sm_" + machineCode(built.orElseThrow(), capability);
            case PTX -> "PTX compute_" + built.orElseThrow().ptx() + ", translated by the driver";
            case NVRTC -> "source, compiled by NVRTC for sm_" + capability;
            case NONE -> "none";
        };
    }

    /** What to do about {@link #NONE}. */
    public static String remedy(Optional<KernelResources.Built> built) {
        return built.map(images -> "hint: install a driver of " + CudaDriver.text(images.toolkit())
                        + " or later, or the library libnvrtc.so.12 (CUDA toolkit 12)")
                .orElse(
                        "hint: this build has no compiled kernels: install the library libnvrtc.so.12 (CUDA toolkit 12), or "
                                + "build again with nvcc on the PATH");
    }
}

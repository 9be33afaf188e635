package cntk.backend.cuda;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * The kernels of one .cu file on one device. What nvcc built is tried first; if the driver refuses it as not its own, the
 * packaged source is compiled by NVRTC for this device.
 */
public final class KernelModule implements AutoCloseable {
    /** What a driver says to an image for other devices, or from a newer toolkit. */
    private static final Set<Integer> DOES_NOT_FIT = Set.of(
            CUresult.CUDA_ERROR_INVALID_IMAGE,
            CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU,
            CUresult.CUDA_ERROR_INVALID_PTX,
            CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION);

    private final CudaDevice device;
    private final String name;
    private final String origin;
    private final CUmodule handle;
    private boolean closed;

    private KernelModule(CudaDevice device, String name, String origin, CUmodule handle) {
        this.device = device;
        this.name = name;
        this.origin = origin;
        this.handle = handle;
    }

    /**
     * Loads a kernel file.
     *
     * @param name of the .cu file, without its ending
     * @throws KernelException if no image fits and none can be compiled: says what to install
     * @throws CudaException if the device fails
     */
    public static KernelModule load(CudaDevice device, KernelResources resources, String name) {
        return load(device, resources, name, CompiledKernels.ofUser());
    }

    static KernelModule load(CudaDevice device, KernelResources resources, String name, CompiledKernels cache) {
        device.enter();
        Optional<KernelResources.Built> built = resources.built();
        int capability = device.info().capability();
        boolean nvrtc = Nvrtc.isAvailable();
        KernelImage choice = KernelImage.choose(built, capability, device.info().driver(), nvrtc);
        String refusal = "";
        if (choice == KernelImage.MACHINE_CODE || choice == KernelImage.PTX) {
            byte[] image = resources
                    .image(name)
                    .orElseThrow(() -> new KernelException("the jar lists images but lacks that of " + name + ".cu"));
            CUmodule module = new CUmodule();
            int code = JCudaDriver.cuModuleLoadData(module, zeroEnded(image));
            if (!DOES_NOT_FIT.contains(code)) {
                device.check(code, "cuModuleLoadData of " + name);
                return new KernelModule(device, name, choice.describe(built, capability), module);
            }
            refusal = " (the driver refused the built image: " + CUresult.stringFor(code) + ")";
        }
        if (!nvrtc) {
            throw new KernelException(
                    "no image of %s.cu fits CUDA device %d: %s, compute capability %s, driver of %s%s\n%s"
                            .formatted(
                                    name,
                                    device.info().index(),
                                    device.info().name(),
                                    device.info().capabilityText(),
                                    device.info().driverText(),
                                    refusal,
                                    KernelImage.remedy(built)));
        }
        return compile(device, resources, name, cache, refusal);
    }

    private static KernelModule compile(
            CudaDevice device, KernelResources resources, String name, CompiledKernels cache, String refusal) {
        KernelResources.Source source = resources.source(name);
        int capability = device.info().capability();
        byte[] image = cache.get(source, capability, Nvrtc.version(), () -> Nvrtc.compile(source, capability));
        CUmodule module = new CUmodule();
        device.check(JCudaDriver.cuModuleLoadData(module, zeroEnded(image)), "cuModuleLoadData of " + name);
        String origin = "source, compiled by NVRTC " + Nvrtc.version() + " for sm_" + capability + refusal;
        return new KernelModule(device, name, origin, module);
    }

    /** PTX is text that ends with a zero; to machine code one more byte does nothing. */
    private static byte[] zeroEnded(byte[] image) {
        return Arrays.copyOf(image, image.length + 1);
    }

    /** Where the code came from, for the log and the run record. */
    public String origin() {
        return origin;
    }

    /**
     * A kernel by its name.
     *
     * @throws KernelException if the file has none of this name
     */
    public Kernel kernel(String kernel) {
        device.enter();
        CUfunction function = new CUfunction();
        int code = JCudaDriver.cuModuleGetFunction(function, handle, kernel);
        if (code == CUresult.CUDA_ERROR_NOT_FOUND) {
            throw new KernelException(name + ".cu (" + origin + ") has no kernel " + kernel);
        }
        device.check(code, "cuModuleGetFunction of " + kernel);
        return new Kernel(device, kernel, function);
    }

    /** Several kernels by their names, in this order; the first that is missing is named. */
    public List<Kernel> kernels(String... names) {
        return Arrays.stream(names).map(this::kernel).toList();
    }

    @Override
    public void close() {
        if (!closed) {
            device.enter();
            closed = true;
            JCudaDriver.cuModuleUnload(handle);
        }
    }
}

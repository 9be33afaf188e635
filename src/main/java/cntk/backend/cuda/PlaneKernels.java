package cntk.backend.cuda;

import java.util.HashMap;
import java.util.Map;

/** The kernels of one device by their names; a kernel file is loaded when the first of its kernels is asked for. */
final class PlaneKernels implements AutoCloseable {
    /** What a block may use of dynamic shared memory before the kernel has to be told. */
    private static final int UNASKED_SHARED_BYTES = 48 << 10;

    private final CudaDevice device;
    private final CudaResources opened = new CudaResources();
    private final Map<String, KernelModule> modules = new HashMap<>();
    private final Map<String, Kernel> kernels = new HashMap<>();
    private final Map<String, Integer> allowedShared = new HashMap<>();
    private final Map<Residency, Integer> resident = new HashMap<>();

    private record Residency(String kernel, int threads, int sharedBytes) {}

    PlaneKernels(CudaDevice device) {
        this.device = device;
    }

    /**
     * Loads the file of a kernel, and looks the kernel up.
     *
     * @throws KernelException if no code fits the device: says what to install
     */
    Kernel get(String kernel) {
        Kernel known = kernels.get(kernel);
        if (known == null) {
            known = module(file(kernel)).kernel(kernel);
            kernels.put(kernel, known);
        }
        return known;
    }

    /** Where the code came from. */
    String origin() {
        return module(file("sum_planes")).origin();
    }

    /** Starts a kernel; see {@link Kernel#launch}. */
    void launch(CudaStream stream, String kernel, LaunchShape shape, KernelArguments arguments) {
        Kernel function = get(kernel);
        allowShared(function, shape.sharedBytes());
        function.launch(stream, shape, arguments);
    }

    /** Blocks that the whole device holds at a time. */
    int residentBlocks(String kernel, int threads, int sharedBytes) {
        return resident.computeIfAbsent(new Residency(kernel, threads, sharedBytes), key -> {
            Kernel function = get(key.kernel());
            allowShared(function, key.sharedBytes());
            int each = function.blocksPerMultiprocessor(key.threads(), key.sharedBytes());
            return Math.max(1, each) * device.info().multiprocessors();
        });
    }

    private void allowShared(Kernel function, int bytes) {
        if (bytes > allowedShared.getOrDefault(function.name(), UNASKED_SHARED_BYTES)) {
            function.allowSharedBytes(bytes);
            allowedShared.put(function.name(), bytes);
        }
    }

    private KernelModule module(String file) {
        KernelModule known = modules.get(file);
        if (known == null) {
            known = opened.add(KernelModule.load(device, KernelResources.PACKAGED, file));
            modules.put(file, known);
        }
        return known;
    }

    private static String file(String kernel) {
        return switch (kernel) {
            case "plane_program_f32", "plane_program_f64" -> "plane_program";
            case "plane_pool_f32", "plane_pool_f64" -> "plane_pool";
            case "image_factors", "round_records", "pack_quads" -> "image_factors";
            case "sum_planes" -> "readout";
            default -> kernel.startsWith("plane_flatten") ? "plane_flatten" : "plane_recursion";
        };
    }

    @Override
    public void close() {
        opened.close();
    }
}

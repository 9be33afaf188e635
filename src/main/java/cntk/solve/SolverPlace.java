package cntk.solve;

import cntk.backend.BackendUnavailableException;
import cntk.backend.cuda.CudaDeviceInfo;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Where a regression is solved, and why there.
 *
 * @param gpu empty for the CPU
 * @param forced whether a failure of the GPU is the end; else the CPU solves instead, and the result says so
 * @param reason one phrase for the log
 */
public record SolverPlace(Optional<CudaDeviceInfo> gpu, boolean forced, String reason) {

    /** What the CPU solves because somebody says so. */
    public static SolverPlace cpu(String reason) {
        return new SolverPlace(Optional.empty(), true, reason);
    }

    /**
     * Decides, before the kernel is computed; whether that much memory is free shows only then.
     *
     * @param gpus that may be used
     * @param absence why there are none
     * @param n training images
     * @param columns of the right side
     * @throws BackendUnavailableException if a GPU is asked for and cannot do it, with the reason
     */
    public static SolverPlace pick(SolverChoice choice, List<CudaDeviceInfo> gpus, String absence, int n, int columns) {
        return pick(choice, gpus, absence, CudaCholesky.bytes(n, columns));
    }

    /** @param bytes of device memory that it takes */
    static SolverPlace pick(SolverChoice choice, List<CudaDeviceInfo> gpus, String absence, long bytes) {
        if (choice == SolverChoice.CPU || choice == SolverChoice.PCG) {
            return cpu("asked for");
        }
        Optional<CudaDeviceInfo> largest = gpus.stream().max(Comparator.comparingLong(CudaDeviceInfo::memoryBytes));
        Optional<String> obstacle = obstacle(largest, absence, bytes);
        if (obstacle.isPresent() && choice == SolverChoice.CUDA) {
            throw new BackendUnavailableException("the cuda solver cannot start: " + obstacle.get());
        }
        return obstacle.map(reason ->
                        cpu("picked by auto: " + reason.lines().findFirst().orElseThrow()))
                .orElseGet(() -> new SolverPlace(
                        largest,
                        choice == SolverChoice.CUDA,
                        choice == SolverChoice.CUDA ? "asked for" : "picked by auto: the matrix fits a GPU"));
    }

    private static Optional<String> obstacle(Optional<CudaDeviceInfo> gpu, String absence, long bytes) {
        if (gpu.isEmpty()) {
            return Optional.of(absence);
        }
        CudaDeviceInfo device = gpu.get();
        if (bytes > device.memoryBytes()) {
            return Optional.of("the solve needs %s of device memory, GPU %d has %s\nhint: --solver cpu"
                    .formatted(
                            MemoryShortageException.gibibytes(bytes),
                            device.index(),
                            MemoryShortageException.gibibytes(device.memoryBytes())));
        }
        return Cusolver.missingLibrary()
                .map(library -> "cuSOLVER is missing: " + library
                        + " not found\nhint: install the CUDA toolkit 12, or use --solver cpu");
    }

    /** {@code cpu}, or {@code cuda/0}. */
    public String name() {
        return gpu.map(device -> "cuda/" + device.index()).orElse("cpu");
    }
}

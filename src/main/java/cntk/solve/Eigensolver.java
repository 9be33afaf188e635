package cntk.solve;

import cntk.backend.cuda.CudaDeviceInfo;
import cntk.backend.cuda.CudaException;
import java.util.List;

/** Makes the eigendecompositions of kernels: on a GPU that has room for one, else here by LAPACK. */
public final class Eigensolver {
    private final Lapack lapack;
    private final SolverPlace place;

    /** Decomposes on the CPU. */
    public Eigensolver(OpenBlas library) {
        this(library, SolverPlace.cpu("asked for"));
    }

    /** @param place of {@link #place} */
    public Eigensolver(OpenBlas library, SolverPlace place) {
        this.lapack = new Lapack(library);
        this.place = place;
    }

    /**
     * Decides where, as {@link SolverPlace#pick} does for a regression.
     *
     * @param gpus that may be used
     * @param absence why there are none
     * @param n training images
     * @throws cntk.backend.BackendUnavailableException if a GPU is asked for and cannot do it, with the reason
     */
    public static SolverPlace place(SolverChoice choice, List<CudaDeviceInfo> gpus, String absence, int n) {
        return SolverPlace.pick(choice, gpus, absence, CudaEigen.bytes(n));
    }

    /**
     * A spectrum, the caller's to close.
     *
     * @param solver what made it: {@code cpu}, or {@code cuda/0}
     * @param note why the GPU did not; empty if nothing is to be said
     */
    public record Made(Spectrum spectrum, String solver, String note) {}

    /**
     * Decomposes a kernel.
     *
     * @throws NonFiniteKernelException when K has NaN or infinite entries
     * @throws MemoryShortageException when the matrices do not fit
     * @throws CudaException when the GPU fails and is the only place; else the CPU goes on, and a note says so
     */
    public Made decompose(KernelSource kernel) {
        LoadedKernel loaded = new LoadedKernel(kernel);
        try {
            loaded.load();
            String note = "";
            if (place.gpu().isPresent()) {
                try {
                    double[] values = CudaEigen.decompose(place.gpu().get(), loaded.matrix(), lapack);
                    return new Made(new Spectrum(lapack, values, loaded.matrix()), place.name(), "");
                } catch (CudaException | NativeLibraryException failure) {
                    if (place.forced()) {
                        throw failure;
                    }
                    note = "the GPU did not make the eigendecomposition, the CPU did: " + failure.getMessage();
                    loaded.load();
                }
            }
            boolean divide = loaded.matrix().rows() <= Lapack.LARGEST_DSYEVD;
            return new Made(Spectrum.decompose(lapack, loaded.matrix(), divide), "cpu", note);
        } catch (RuntimeException | Error failure) {
            loaded.close();
            throw failure;
        }
    }

    Lapack lapack() {
        return lapack;
    }
}

package cntk.solve;

import cntk.backend.cuda.CudaDevice;
import cntk.backend.cuda.CudaDeviceInfo;
import cntk.backend.cuda.CudaException;
import jcuda.driver.CUresult;

/**
 * One regression on one GPU, from opening the device to closing it.
 *
 * @param failingMinor 0, or the order of the first leading minor that is not positive definite; nothing else is known then
 * @param factorSeconds with the copy of the matrix to the device
 * @param substitutionSeconds with the check of the answer
 */
record CudaRidge(
        int failingMinor,
        double condition,
        double smallestPivot,
        double factorSeconds,
        double substitutionSeconds,
        double conditionSeconds) {

    /**
     * Replaces the targets by A^-1 targets; where it fails, they stay as they were.
     *
     * @param matrix A in the lower triangle, stays as it is
     * @throws CudaException if the device fails, has too little memory, or its answer is not one
     * @throws NativeLibraryException where cuSOLVER is not installed
     */
    static CudaRidge solve(CudaDeviceInfo info, NativeMatrix matrix, NativeMatrix targets, Lapack lapack) {
        try (NativeMatrix solution = NativeMatrix.copyOf(targets);
                CudaDevice device = CudaDevice.open(info)) {
            requireFree(device, "solve", CudaCholesky.bytes(matrix.rows(), targets.cols()));
            Stopwatch watch = new Stopwatch();
            try (CudaCholesky cholesky = new CudaCholesky(device, matrix, lapack)) {
                int failingMinor = cholesky.factorise();
                double factorSeconds = watch.lap();
                if (failingMinor != 0) {
                    return new CudaRidge(failingMinor, Double.POSITIVE_INFINITY, 0, factorSeconds, 0, 0);
                }
                double _ = cholesky.solveInPlace(solution);
                double substitutionSeconds = watch.lap();
                double condition = cholesky.conditionNumber();
                double pivot = cholesky.smallestPivot();
                targets.segment().copyFrom(solution.segment());
                return new CudaRidge(0, condition, pivot, factorSeconds, substitutionSeconds, watch.lap());
            }
        }
    }

    static void requireFree(CudaDevice device, String purpose, long bytes) {
        long free = device.freeBytes();
        if (bytes > free) {
            throw new CudaException(
                    "the %s needs %s of device memory, CUDA device %d has %s free"
                            .formatted(
                                    purpose,
                                    MemoryShortageException.gibibytes(bytes),
                                    device.info().index(),
                                    MemoryShortageException.gibibytes(free)),
                    device.info().index(),
                    CUresult.CUDA_ERROR_OUT_OF_MEMORY);
        }
    }
}

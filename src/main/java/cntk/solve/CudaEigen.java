package cntk.solve;

import cntk.backend.cuda.CudaDevice;
import cntk.backend.cuda.CudaDeviceInfo;
import cntk.backend.cuda.CudaException;
import cntk.backend.cuda.CudaResources;
import cntk.backend.cuda.CudaStream;
import cntk.backend.cuda.DeviceBuffer;
import cntk.backend.cuda.RegisteredMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jcuda.driver.CUresult;

/** One eigendecomposition on one GPU, by cuSOLVER's 64-bit divide and conquer, from opening the device to closing it. */
final class CudaEigen {
    /** Of the workspace, in matrices; beside it some columns (*estimate*; what cuSOLVER asks for is checked when it is allocated). */
    private static final long WORKSPACE_MATRICES = 2;

    private static final long WORKSPACE_COLUMNS = 2048;

    private CudaEigen() {}

    /** Bytes of device memory for a matrix of n x n. */
    static long bytes(int n) {
        return Math.multiplyExact((long) Double.BYTES * n, (1 + WORKSPACE_MATRICES) * n + WORKSPACE_COLUMNS);
    }

    /**
     * Eigenvalues, ascending, and orthonormal eigenvectors, as {@link Lapack#eigen}, held against the matrix.
     *
     * @param matrix A in the lower triangle; receives the eigenvectors as columns; destroyed where this throws
     * @throws CudaException if the device fails, has too little memory, or its answer is not one
     * @throws NativeLibraryException where cuSOLVER is not installed
     */
    static double[] decompose(CudaDeviceInfo info, NativeMatrix matrix, Lapack lapack) {
        try (EigenCheck check = new EigenCheck(lapack, matrix)) {
            double[] values = onDevice(info, matrix);
            double error = check.error(matrix, values);
            double allowed = Residual.allowed(values.length);
            if (!(error <= allowed)) {
                throw new CudaException(
                        "the eigendecomposition from CUDA device %d fails its check: error %.1e, at most %.1e can be rounding"
                                .formatted(info.index(), error, allowed),
                        info.index(),
                        CUresult.CUDA_ERROR_UNKNOWN);
            }
            return values;
        }
    }

    private static double[] onDevice(CudaDeviceInfo info, NativeMatrix matrix) {
        int n = matrix.rows();
        try (CudaDevice device = CudaDevice.open(info);
                CudaResources opened = new CudaResources()) {
            CudaRidge.requireFree(device, "eigendecomposition", bytes(n));
            CudaStream stream = opened.add(device.stream());
            Cusolver solver = opened.add(new Cusolver(device, stream));
            DeviceBuffer vectors = opened.add(device.allocate(NativeMatrix.bytes(n, n)));
            DeviceBuffer values = opened.add(device.allocate(NativeMatrix.bytes(n, 1)));
            try (Arena arena = Arena.ofShared();
                    RegisteredMemory _ = new RegisteredMemory(device, matrix.segment())) {
                vectors.copyFrom(matrix.segment(), 0, stream);
                solver.eigen(n, vectors, values);
                MemorySegment ascending = arena.allocate(ValueLayout.JAVA_DOUBLE, n);
                values.copyTo(ascending, 0, stream);
                vectors.copyTo(matrix.segment(), 0, stream);
                stream.synchronize();
                return ascending.toArray(ValueLayout.JAVA_DOUBLE);
            }
        }
    }
}

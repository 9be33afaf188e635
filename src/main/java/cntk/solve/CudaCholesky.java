package cntk.solve;

import cntk.backend.cuda.CudaDevice;
import cntk.backend.cuda.CudaException;
import cntk.backend.cuda.CudaResources;
import cntk.backend.cuda.CudaStream;
import cntk.backend.cuda.DeviceBuffer;
import cntk.backend.cuda.PinnedBuffer;
import cntk.backend.cuda.RegisteredMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jcuda.driver.CUresult;

/**
 * Solves A X = B for a symmetric positive definite A of doubles on a GPU: A = L L^T and two triangular solves by cuSOLVER's
 * 64-bit calls (the 32-bit ones end at n = 46340). A stays on the host as it was, and each answer is checked against it.
 *
 * <p>Belongs to the thread that opened the device. Device memory: {@link #bytes}.
 */
final class CudaCholesky implements AutoCloseable {
    /** Beside the matrix: cuSOLVER's workspace, at most some columns (*estimate*: 2,000 of them at n = 50,000). */
    private static final long WORKSPACE_COLUMNS = 2048;

    private final CudaDevice device;
    private final NativeMatrix matrix;
    private final Lapack lapack;
    private final CudaResources opened = new CudaResources();
    private final CudaStream stream;
    private final Cusolver solver;
    private final DeviceBuffer factor;

    /**
     * Makes room on the device.
     *
     * @param matrix A in the lower triangle (the upper one is not read); the caller's, to stay as it is
     * @throws CudaException if the device fails or has too little memory, out of memory then
     * @throws NativeLibraryException where cuSOLVER is not installed
     */
    CudaCholesky(CudaDevice device, NativeMatrix matrix, Lapack lapack) {
        this.device = device;
        this.matrix = matrix;
        this.lapack = lapack;
        try {
            stream = opened.add(device.stream());
            solver = opened.add(new Cusolver(device, stream));
            factor = opened.add(device.allocate(NativeMatrix.bytes(matrix.rows(), matrix.rows())));
        } catch (RuntimeException | Error failure) {
            opened.close();
            throw failure;
        }
    }

    /** Bytes of device memory for a matrix of n x n and right sides of n x columns; more than enough. */
    static long bytes(int n, int columns) {
        return Math.multiplyExact((long) Double.BYTES * n, n + columns + WORKSPACE_COLUMNS);
    }

    /**
     * Factorises A.
     *
     * @return 0, or the order of the first leading minor that is not positive definite
     */
    int factorise() {
        copyIn(matrix.segment(), factor);
        return solver.factorise(matrix.rows(), factor);
    }

    /**
     * Replaces B (n x any number of columns) by X, after {@link #factorise} returned 0.
     *
     * @return the largest backward error of a column: |b - A x| / (|A|_1 |x| + |b|)
     * @throws CudaException if the device fails, or the answer does not solve the equations
     */
    double solveInPlace(NativeMatrix rightSides) {
        int n = matrix.rows();
        if (rightSides.rows() != n) {
            throw new IllegalArgumentException("right sides have " + rightSides.rows() + " rows, the matrix has " + n);
        }
        try (NativeMatrix given = NativeMatrix.copyOf(rightSides)) {
            solve(rightSides);
            double error = Residual.backwardError(lapack, matrix, rightSides, given);
            double allowed = Residual.allowed(n);
            if (!(error <= allowed)) {
                throw new CudaException(
                        "the solution from CUDA device %d fails its check: backward error %.1e, at most %.1e can be rounding"
                                .formatted(device.info().index(), error, allowed),
                        device.info().index(),
                        CUresult.CUDA_ERROR_UNKNOWN);
            }
            return error;
        }
    }

    private void solve(NativeMatrix rightSides) {
        int n = matrix.rows();
        try (DeviceBuffer onDevice = device.allocate(NativeMatrix.bytes(n, rightSides.cols()))) {
            copyIn(rightSides.segment(), onDevice);
            solver.solve(n, rightSides.cols(), factor, onDevice);
            onDevice.copyTo(rightSides.segment(), 0, stream);
            stream.synchronize();
        }
    }

    /** Estimate of |A|_1 |A^-1|_1, as {@link CholeskyFactor#conditionNumber}; after {@link #factorise}. */
    double conditionNumber() {
        return lapack.oneNorm(matrix) * lapack.inverseOneNorm(matrix.rows(), this::solve);
    }

    /** The smallest L_ii^2, as {@link CholeskyFactor#smallestPivot}; after {@link #factorise}. */
    double smallestPivot() {
        int n = matrix.rows();
        try (PinnedBuffer diagonal = device.pinned((long) Double.BYTES * n)) {
            for (int i = 0; i < n; i++) { // microseconds each: a quarter of a second at n = 50,000 (*estimate*)
                factor.copyTo(
                        diagonal.segment().asSlice((long) Double.BYTES * i, Double.BYTES),
                        Double.BYTES * (long) i * (n + 1L),
                        stream);
            }
            stream.synchronize();
            double smallest = Double.POSITIVE_INFINITY;
            for (int i = 0; i < n; i++) {
                double root = diagonal.segment().getAtIndex(ValueLayout.JAVA_DOUBLE, i);
                smallest = Math.min(smallest, root * root);
            }
            return smallest;
        }
    }

    private void copyIn(MemorySegment from, DeviceBuffer to) {
        try (RegisteredMemory _ = new RegisteredMemory(device, from)) {
            to.copyFrom(from, 0, stream);
            stream.synchronize(); // the memory is pinned only while it is registered
        }
    }

    @Override
    public void close() {
        opened.close();
    }
}

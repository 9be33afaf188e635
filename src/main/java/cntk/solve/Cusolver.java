package cntk.solve;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import cntk.backend.cuda.CudaDevice;
import cntk.backend.cuda.CudaException;
import cntk.backend.cuda.CudaLibraries;
import cntk.backend.cuda.CudaStream;
import cntk.backend.cuda.DeviceBuffer;
import cntk.backend.cuda.PinnedBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import jcuda.Pointer;
import jcuda.driver.CUresult;
import jcuda.jcusolver.JCusolverDn;
import jcuda.jcusolver.cusolverDnHandle;
import jcuda.jcusolver.cusolverDnParams;
import jcuda.jcusolver.cusolverStatus;
import jcuda.runtime.cudaStream_t;

/** The 64-bit Cholesky and eigenvalue calls of cuSOLVER for doubles in lower, column-major storage, on one stream. */
final class Cusolver implements AutoCloseable {
    private static final String LIBRARY = "libcusolver.so.11";

    private static final int LOWER = 0; // CUBLAS_FILL_MODE_LOWER
    private static final int DOUBLES = 1; // CUDA_R_64F
    private static final int WITH_VECTORS = 1; // CUSOLVER_EIG_MODE_VECTOR

    /** A handle whose address can be handed on. */
    private static final class Handle extends cusolverDnHandle {
        MemorySegment address() {
            return MemorySegment.ofAddress(getNativePointer());
        }
    }

    private static final class Parameters extends cusolverDnParams {
        MemorySegment address() {
            return MemorySegment.ofAddress(getNativePointer());
        }
    }

    private final CudaDevice device;
    private final CudaStream stream;
    private final Handle handle = new Handle();
    private final Parameters parameters = new Parameters();
    private boolean closed;

    /**
     * Starts cuSOLVER.
     *
     * @throws NativeLibraryException where it is not installed
     */
    Cusolver(CudaDevice device, CudaStream stream) {
        Optional<String> missing = missingLibrary();
        if (missing.isPresent()) {
            throw new NativeLibraryException("cuSOLVER is missing: " + missing.get() + " not found\n"
                    + CudaLibraries.hint() + ", or use --solver cpu");
        }
        CudaLibraries.CUSOLVER.load();
        this.device = device;
        this.stream = stream;
        check(JCusolverDn.cusolverDnCreate(handle), "cusolverDnCreate");
        try {
            check(JCusolverDn.cusolverDnSetStream(handle, new cudaStream_t(stream.handle())), "cusolverDnSetStream");
            check(JCusolverDn.cusolverDnCreateParams(parameters), "cusolverDnCreateParams");
        } catch (CudaException failure) {
            JCusolverDn.cusolverDnDestroy(handle);
            throw failure;
        }
    }

    /** The library that this machine lacks, if any; JCuda answers a missing one with an Error. */
    static Optional<String> missingLibrary() {
        return CudaLibraries.CUSOLVER.missing();
    }

    /**
     * A = L L^T in place, n x n.
     *
     * @return 0, or the order of the first leading minor that is not positive definite
     */
    int factorise(int n, DeviceBuffer a) {
        return inWorkspaces(
                "cusolverDnXpotrf",
                n,
                choleskyWorkspace(n, a),
                (onDevice, deviceBytes, onHost, hostBytes, info) -> JCusolverDn.cusolverDnXpotrf(
                        handle,
                        parameters,
                        LOWER,
                        n,
                        DOUBLES,
                        a.pointer(),
                        n,
                        DOUBLES,
                        onDevice,
                        deviceBytes,
                        onHost,
                        hostBytes,
                        info));
    }

    /**
     * A = V diag(e) V^T, n x n; V in place of A, the eigenvalues ascending.
     *
     * @throws CudaException also where the iteration does not converge
     */
    void eigen(int n, DeviceBuffer a, DeviceBuffer values) {
        int unfinished = inWorkspaces(
                "cusolverDnXsyevd",
                n,
                eigenWorkspace(n, a, values),
                (onDevice, deviceBytes, onHost, hostBytes, info) -> JCusolverDn.cusolverDnXsyevd(
                        handle,
                        parameters,
                        WITH_VECTORS,
                        LOWER,
                        n,
                        DOUBLES,
                        a.pointer(),
                        n,
                        DOUBLES,
                        values.pointer(),
                        DOUBLES,
                        onDevice,
                        deviceBytes,
                        onHost,
                        hostBytes,
                        info));
        if (unfinished > 0) {
            throw new CudaException(
                    "cusolverDnXsyevd of n = %d on CUDA device %d did not converge (%d)"
                            .formatted(n, device.info().index(), unfinished),
                    device.info().index(),
                    CUresult.CUDA_ERROR_UNKNOWN);
        }
    }

    /** X = (L L^T)^-1 B in place of B, n x columns. */
    void solve(int n, int columns, DeviceBuffer factor, DeviceBuffer rightSides) {
        try (DeviceBuffer info = device.allocate(Integer.BYTES)) {
            check(
                    JCusolverDn.cusolverDnXpotrs(
                            handle,
                            parameters,
                            LOWER,
                            n,
                            columns,
                            DOUBLES,
                            factor.pointer(),
                            n,
                            DOUBLES,
                            rightSides.pointer(),
                            n,
                            info.pointer()),
                    "cusolverDnXpotrs of n = " + n + ", " + columns + " columns");
            accepted(info, "cusolverDnXpotrs");
        }
    }

    /** A call that needs workspaces and leaves a verdict; answers with its status. */
    @FunctionalInterface
    private interface WorkspaceCall {
        int of(Pointer onDevice, long deviceBytes, Pointer onHost, long hostBytes, Pointer info);
    }

    /** Makes a call in workspaces of {device, host} bytes and waits for its verdict. */
    private int inWorkspaces(String name, int n, long[] sizes, WorkspaceCall call) {
        // cuSOLVER copies through the host workspace while the host goes on: it has to be pinned
        try (DeviceBuffer info = device.allocate(Integer.BYTES);
                DeviceBuffer workspace = device.allocate(Math.max(1, sizes[0]));
                PinnedBuffer host = device.pinned(Math.max(1, sizes[1]))) {
            check(
                    call.of(workspace.pointer(), sizes[0], host.pointer(), sizes[1], info.pointer()),
                    name + " of n = " + n);
            return accepted(info, name);
        }
    }

    /** Waits for the call and reads its verdict; negative ones are a fault of this class. */
    private int accepted(DeviceBuffer info, String call) {
        try (PinnedBuffer verdict = device.pinned(Integer.BYTES)) {
            info.copyTo(verdict.segment(), 0, stream);
            stream.synchronize();
            int code = verdict.segment().get(JAVA_INT, 0);
            if (code < 0) {
                throw new IllegalStateException(call + " refuses argument " + -code);
            }
            return code;
        }
    }

    /** Bytes of the workspaces of a factorisation, on the device and on the host. */
    private long[] choleskyWorkspace(int n, DeviceBuffer a) {
        return workspace(
                "cusolverDnXpotrf_bufferSize",
                n,
                FunctionDescriptor.of(
                        JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT,
                        ADDRESS, ADDRESS),
                (function, onDevice, onHost) -> (int) function.invokeExact(
                        handle.address(),
                        parameters.address(),
                        LOWER,
                        (long) n,
                        DOUBLES,
                        MemorySegment.ofAddress(a.address()),
                        (long) n,
                        DOUBLES,
                        onDevice,
                        onHost));
    }

    private long[] eigenWorkspace(int n, DeviceBuffer a, DeviceBuffer values) {
        return workspace(
                "cusolverDnXsyevd_bufferSize",
                n,
                FunctionDescriptor.of(
                        JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG,
                        JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, ADDRESS),
                (function, onDevice, onHost) -> (int) function.invokeExact(
                        handle.address(),
                        parameters.address(),
                        WITH_VECTORS,
                        LOWER,
                        (long) n,
                        DOUBLES,
                        MemorySegment.ofAddress(a.address()),
                        (long) n,
                        DOUBLES,
                        MemorySegment.ofAddress(values.address()),
                        DOUBLES,
                        onDevice,
                        onHost));
    }

    /** A call that answers with two sizes. */
    @FunctionalInterface
    private interface SizeCall {
        int of(MethodHandle function, MemorySegment onDevice, MemorySegment onHost) throws Throwable;
    }

    /** Asks for the bytes of workspaces, {device, host}. Called past JCuda: its *_bufferSize of 64-bit calls end the JVM. */
    @SuppressWarnings("restricted") // a call of the native library
    private long[] workspace(String name, int n, FunctionDescriptor signature, SizeCall call) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment function = SymbolLookup.libraryLookup(LIBRARY, Arena.global())
                    .find(name)
                    .orElseThrow(() -> new NativeLibraryException(
                            LIBRARY + " has no " + name + "\nhint: install the CUDA toolkit 12"));
            MemorySegment onDevice = arena.allocate(JAVA_LONG);
            MemorySegment onHost = arena.allocate(JAVA_LONG);
            MethodHandle handleOf = Linker.nativeLinker().downcallHandle(function, signature);
            check(call.of(handleOf, onDevice, onHost), name + " of n = " + n);
            return new long[] {onDevice.get(JAVA_LONG, 0), onHost.get(JAVA_LONG, 0)};
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }

    private void check(int status, String call) {
        if (status != cusolverStatus.CUSOLVER_STATUS_SUCCESS) {
            throw new CudaException(
                    "%s failed on CUDA device %d: %s (%d)"
                            .formatted(call, device.info().index(), cusolverStatus.stringFor(status), status),
                    device.info().index(),
                    status == cusolverStatus.CUSOLVER_STATUS_ALLOC_FAILED
                            ? CUresult.CUDA_ERROR_OUT_OF_MEMORY
                            : CUresult.CUDA_ERROR_UNKNOWN);
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            JCusolverDn.cusolverDnDestroyParams(parameters);
            JCusolverDn.cusolverDnDestroy(handle);
        }
    }
}

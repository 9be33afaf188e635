package cntk.backend.cuda;

import jcuda.driver.CUresult;

/** A CUDA call failed; the message names the call, the device and, once known, the work it was part of. */
public final class CudaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int code;
    private final int device;

    /**
     * For failures that are none of a driver call, such as one of cuSOLVER.
     *
     * @param code the CUresult that comes closest
     */
    public CudaException(String message, int device, int code) {
        super(message);
        this.device = device;
        this.code = code;
    }

    /** A failed call of the driver. */
    static CudaException of(String call, int device, int code) {
        return new CudaException(
                "%s failed on CUDA device %d: %s (%d)".formatted(call, device, CUresult.stringFor(code), code),
                device,
                code);
    }

    private CudaException(String message, CudaException cause) {
        super(message, cause);
        this.device = cause.device;
        this.code = cause.code;
    }

    /** The same failure, its message followed by what was being done, such as {@code tile (0..64, 64..128)}. */
    public CudaException during(String work) {
        return new CudaException(getMessage() + ", during " + work, this);
    }

    /** The {@link CUresult}. */
    public int code() {
        return code;
    }

    /** The device's number among all of the machine. */
    public int device() {
        return device;
    }

    /** Whether less memory would have done. */
    public boolean isOutOfMemory() {
        return code == CUresult.CUDA_ERROR_OUT_OF_MEMORY;
    }

    /**
     * Whether this was the call's own affair: memory ran out, an argument was refused. Everything else is taken to stick:
     * the driver answers each later call in the context with it, so the device has to be given up.
     */
    public boolean leavesDeviceUsable() {
        return switch (code) {
            case CUresult.CUDA_ERROR_OUT_OF_MEMORY,
                    CUresult.CUDA_ERROR_INVALID_VALUE,
                    CUresult.CUDA_ERROR_INVALID_IMAGE,
                    CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU,
                    CUresult.CUDA_ERROR_INVALID_PTX,
                    CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION,
                    CUresult.CUDA_ERROR_NOT_FOUND,
                    CUresult.CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES,
                    CUresult.CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED,
                    CUresult.CUDA_ERROR_NOT_SUPPORTED -> true;
            default -> false;
        };
    }
}

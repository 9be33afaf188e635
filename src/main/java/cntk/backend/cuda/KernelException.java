package cntk.backend.cuda;

/** The kernels cannot be brought onto a device; the message says what to install or shows the compiler's log. */
public final class KernelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    KernelException(String message) {
        super(message);
    }

    KernelException(String message, Throwable cause) {
        super(message, cause);
    }
}

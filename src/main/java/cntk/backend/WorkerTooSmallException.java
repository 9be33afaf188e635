package cntk.backend;

/**
 * The device has too little memory for any tile of what is asked for. A larger one beside it may do; where there is none, it is the
 * request that cannot be met.
 */
public final class WorkerTooSmallException extends WorkerLostException {
    private static final long serialVersionUID = 1L;

    public WorkerTooSmallException(String message) {
        super(message, null);
    }
}

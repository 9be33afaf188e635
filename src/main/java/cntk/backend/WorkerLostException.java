package cntk.backend;

import org.jspecify.annotations.Nullable;

/** Thrown by {@link TileBackend#compute} when the device behind it cannot work any more: its tiles go to other workers. */
public sealed class WorkerLostException extends RuntimeException permits WorkerTooSmallException {
    private static final long serialVersionUID = 1L;

    public WorkerLostException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}

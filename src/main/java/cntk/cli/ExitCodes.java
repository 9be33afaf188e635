package cntk.cli;

import cntk.backend.WorkerTooSmallException;
import cntk.dataset.InputException;
import cntk.gram.StoreException;

/** Every exit code. A run ended by a signal has the system's code instead: 130 after Ctrl-C, 143 after kill. */
enum ExitCodes {
    RIGHT(0),
    /** The computation could not be done, or {@code verify} found wrong entries. */
    FAILED(1),
    /** An option, a file, a disk or a device cannot be used as it is. */
    BAD_INPUT(2),
    /** Stopped by Ctrl-C. */
    STOPPED(130);

    private final int code;

    ExitCodes(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }

    static ExitCodes of(Throwable failure) {
        return switch (failure) {
            case InputException _, StoreException _, WorkerTooSmallException _ -> BAD_INPUT;
            case StoppedException _ -> STOPPED;
            default -> FAILED;
        };
    }
}

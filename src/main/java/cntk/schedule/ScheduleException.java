package cntk.schedule;

/** Tiles that no worker could compute; the cause is the first failure. Tiles finished before it stay in the store. */
public final class ScheduleException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ScheduleException(String message, Exception cause) {
        super(
                message + "; first failure: " + cause
                        + "\nhint: finished tiles are kept; run the same command again to go on",
                cause);
    }
}

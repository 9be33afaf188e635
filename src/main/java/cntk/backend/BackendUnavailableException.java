package cntk.backend;

/** A backend cannot start on this machine; the message says what is missing. */
public final class BackendUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public BackendUnavailableException(String message) {
        super(message);
    }
}

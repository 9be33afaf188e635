package cntk.dataset;

/**
 * Input from outside (a file, an option, a network text) that cannot be used. The command line answers it with exit code 2.
 *
 * <p>The message is one sentence without full stop that names the place, the value and what was expected, then perhaps
 * {@code hint: ...} on a second line.
 */
public final class InputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public InputException(String message) {
        super(message);
    }

    public InputException(String message, Throwable cause) {
        super(message, cause);
    }
}

package cntk.cli;

/** Unwinds a command after Ctrl-C; {@link StopGuard} says what there is to say. */
final class StoppedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StoppedException() {
        super("stopped");
    }
}

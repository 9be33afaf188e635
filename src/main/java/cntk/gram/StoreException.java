package cntk.gram;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;

/**
 * The medium under a store failed: full, unreadable, damaged. What was committed before stays. The message names the file, the
 * reason, and on a second line ({@code hint: ...}) what to do.
 */
public final class StoreException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    public StoreException(String message, IOException cause) {
        super(message, cause);
    }

    static StoreException cannotWrite(Object file, IOException cause) {
        return new StoreException(
                "cannot write " + file + ": " + reason(cause)
                        + "\nhint: free some space or mend the disk, then run the same command again; finished tiles are kept",
                cause);
    }

    static StoreException cannotRead(Object file, IOException cause) {
        return new StoreException(
                "cannot read " + file + ": " + reason(cause)
                        + "\nhint: run the command that made it again; it recomputes only what is missing or damaged",
                cause);
    }

    /** The reason alone: a {@code FileSystemException} repeats the file in its message, and may say nothing else. */
    static String reason(IOException cause) {
        if (cause instanceof FileSystemException system && system.getReason() == null) {
            return cause.getClass().getSimpleName().replace("Exception", "");
        }
        if (cause instanceof FileSystemException system) {
            return String.valueOf(system.getReason());
        }
        return String.valueOf(cause.getMessage());
    }
}

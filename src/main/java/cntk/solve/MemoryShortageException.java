package cntk.solve;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The machine cannot give the memory that a matrix needs; the message has both numbers. */
public final class MemoryShortageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long neededBytes;
    private final long availableBytes;

    MemoryShortageException(long neededBytes, long availableBytes, String purpose, @Nullable Throwable cause) {
        super(
                "%s needs %s of memory, but only %s are available\nhint: use fewer training images or a machine with more memory"
                        .formatted(purpose, gibibytes(neededBytes), gibibytes(availableBytes)),
                cause);
        this.neededBytes = neededBytes;
        this.availableBytes = availableBytes;
    }

    public long neededBytes() {
        return neededBytes;
    }

    public long availableBytes() {
        return availableBytes;
    }

    static String gibibytes(long bytes) {
        return String.format(Locale.ROOT, "%.2f GiB", bytes / (double) (1L << 30));
    }
}

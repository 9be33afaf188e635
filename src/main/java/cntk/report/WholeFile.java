package cntk.report;

import cntk.dataset.InputException;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Text files that are there whole or not at all: temporary file in the same folder, fsync, atomic rename. */
final class WholeFile {
    /** Writes the text. */
    @FunctionalInterface
    interface Body {
        void writeTo(Writer out) throws IOException;
    }

    private WholeFile() {}

    /** Replaces {@code file}, UTF-8; throws {@link InputException} that names it when the disk says no. */
    static void write(Path file, Body body) {
        Path partial = file.resolveSibling(
                file.getFileName() + ".partial-" + ProcessHandle.current().pid());
        try {
            try (FileChannel channel = FileChannel.open(
                            partial,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE,
                            StandardOpenOption.TRUNCATE_EXISTING);
                    Writer out = new BufferedWriter(
                            new OutputStreamWriter(Channels.newOutputStream(channel), StandardCharsets.UTF_8))) {
                body.writeTo(out);
                out.flush();
                channel.force(true);
            }
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException refused) {
            throw new InputException("cannot write " + file + ": " + reason(refused), refused);
        } finally {
            delete(partial);
        }
    }

    private static String reason(IOException refused) {
        String message = String.valueOf(refused.getMessage());
        return refused.getClass().getSimpleName() + (message.isEmpty() ? "" : " " + message);
    }

    private static void delete(Path partial) {
        try {
            Files.deleteIfExists(partial);
        } catch (IOException unimportant) {
            // The error that matters is on its way already; a leftover is named as such.
        }
    }
}

package cntk.dataset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whole files in memory. */
final class FileBytes {
    private FileBytes() {}

    static byte[] of(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new InputException(file + " cannot be read: " + Failures.reason(e), e);
        }
    }
}

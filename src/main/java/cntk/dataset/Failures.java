package cntk.dataset;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** Words for what the file system refused. */
final class Failures {
    private Failures() {}

    /** The reason without the file name, which the messages of most {@link IOException}s repeat or consist of. */
    static String reason(IOException failure) {
        return switch (failure) {
            case NoSuchFileException e -> "no such file or directory";
            case AccessDeniedException e -> "permission denied";
            case FileAlreadyExistsException e -> "it exists already";
            case NotDirectoryException e -> "not a directory";
            case FileSystemException e when e.getReason() != null -> e.getReason();
            default -> failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
        };
    }
}

package cntk.gram;

import cntk.dataset.InputException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;

/** The checks that keep a run from writing into a directory that is not its own. */
final class OutputDirectories {
    static final String ANOTHER_OUT = "hint: choose another --out, or remove this one if it is no longer needed";

    private OutputDirectories() {}

    /** Creates the directory where it is absent; what stands in the way is a wrong input, not a failing disk. */
    static void create(Path directory) throws IOException {
        if (Files.exists(directory) && !Files.isDirectory(directory)) {
            throw new InputException(directory + " is a file, expected a directory\n" + ANOTHER_OUT);
        }
        try {
            DurableFiles.createDirectories(directory);
        } catch (FileSystemException e) {
            throw new InputException(
                    "cannot create the directory " + directory + ": " + obstacle(directory, e) + "\n" + ANOTHER_OUT, e);
        }
    }

    /**
     * @param marker the file whose presence would make the directory one of ours
     * @param ours files that may be there nevertheless
     */
    static void requireEmpty(Path directory, String marker, String... ours) throws IOException {
        Set<String> allowed = Set.of(ours);
        try (Stream<Path> files = Files.list(directory)) {
            files.filter(file -> !DurableFiles.isTemporary(file))
                    .map(file -> String.valueOf(file.getFileName()))
                    .filter(name -> !allowed.contains(name))
                    .sorted()
                    .findFirst()
                    .ifPresent(name -> {
                        throw new InputException(directory + " holds " + name + " but no " + marker
                                + ", expected an empty directory or one made by this program\n" + ANOTHER_OUT);
                    });
        } catch (NotDirectoryException e) {
            throw new InputException(directory + " is a file, expected a directory\n" + ANOTHER_OUT, e);
        }
    }

    /** As {@link #requireEmpty}, but a marker that another shard has just written will do. */
    static void requireEmptyOrMarked(Path directory, String marker, String... ours) throws IOException {
        try {
            requireEmpty(directory, marker, ours);
        } catch (InputException occupied) {
            if (!Files.exists(directory.resolve(marker))) {
                throw occupied;
            }
        }
    }

    private static String obstacle(Path directory, FileSystemException cause) {
        for (Path above = directory.toAbsolutePath().getParent(); above != null; above = above.getParent()) {
            if (Files.exists(above)) {
                return Files.isDirectory(above) ? StoreException.reason(cause) : above + " is a file";
            }
        }
        return StoreException.reason(cause);
    }
}

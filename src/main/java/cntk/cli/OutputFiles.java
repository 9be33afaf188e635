package cntk.cli;

import cntk.dataset.InputException;
import cntk.dataset.NpyType;
import cntk.dataset.NpyWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The files that a command leaves in {@code --out DIR}; without a directory it leaves none. */
final class OutputFiles {
    private final Optional<Path> directory;
    private final List<String> written = new ArrayList<>();

    private OutputFiles(Optional<Path> directory) {
        this.directory = directory;
    }

    /**
     * Makes the directory.
     *
     * @param asked {@code --out}; null for a folder named after the command in the directory of the run, or none for .npy files
     */
    static OutputFiles open(@Nullable Path asked, KernelData data, String command) {
        if (asked == null && data.run().isEmpty()) {
            return new OutputFiles(Optional.empty());
        }
        return in(asked != null ? asked : data.run().orElseThrow().directory().resolve(command));
    }

    /** Makes the directory. */
    static OutputFiles in(Path directory) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new InputException(
                    "cannot create the directory " + directory + ": " + e + "\nhint: choose another --out", e);
        }
        return new OutputFiles(Optional.of(directory));
    }

    /** Where the files are; null for nowhere. */
    @Nullable
    String place() {
        return directory.map(Path::toString).orElse(null);
    }

    /** Names of the files so far. */
    List<String> written() {
        return List.copyOf(written);
    }

    /** The path of a file that somebody else writes; empty where there are no files. */
    Optional<Path> file(String name) {
        directory.ifPresent(_ -> written.add(name));
        return directory.map(folder -> folder.resolve(name));
    }

    /** A .npy file of doubles, float64, row-major. */
    void array(String name, double[] values, long... shape) {
        Optional<Path> file = file(name);
        if (file.isEmpty()) {
            return;
        }
        int rows = shape.length == 1 ? 1 : Math.toIntExact(shape[0]);
        int length = values.length / rows;
        try (NpyWriter writer = NpyWriter.open(file.get(), NpyType.F64, shape)) {
            for (int row = 0; row < rows; row++) {
                writer.writeRow(Arrays.copyOfRange(values, row * length, (row + 1) * length));
            }
            writer.commit();
        }
    }

    /** The same of rows. */
    void matrix(String name, double[][] rows) {
        Optional<Path> file = file(name);
        if (file.isEmpty()) {
            return;
        }
        try (NpyWriter writer = NpyWriter.open(file.get(), NpyType.F64, rows.length, rows[0].length)) {
            for (double[] row : rows) {
                writer.writeRow(row);
            }
            writer.commit();
        }
    }
}

package cntk.report;

import cntk.dataset.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** What a benchmark leaves: {@code <folder>/<date>-<machine>/<name>-<time>.json}. */
public final class BenchmarkFile {
    private BenchmarkFile() {}

    /**
     * Writes a record as JSON.
     *
     * @param folder such as {@code bench/results}
     * @param machine in words; goes into the path in small letters, digits and dashes
     * @return the file
     * @throws InputException if the disk says no
     */
    public static Path write(Path folder, String machine, String name, LocalDateTime time, Object record) {
        String place =
                machine.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
        Path directory = folder.resolve(time.toLocalDate() + "-" + place);
        try {
            Files.createDirectories(directory);
        } catch (IOException refused) {
            throw new InputException(
                    "cannot create the directory " + directory + ": " + refused + "\nhint: choose another --out",
                    refused);
        }
        Path file = directory.resolve(
                name + "-" + time.format(DateTimeFormatter.ofPattern("HHmmss", Locale.ROOT)) + ".json");
        WholeFile.write(file, out -> out.write(Json.text(record) + "\n"));
        return file;
    }
}

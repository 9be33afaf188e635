package cntk.cli;

import cntk.dataset.InputException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;

/** The layout of a run's directory, and names for new ones. */
final class RunFolders {
    static final String TRAIN = "train";
    static final String CROSS = "cross";
    /** One folder, itself a run's directory, for every network of {@code --readouts}. */
    static final String READOUTS = "readouts";

    static final String RECORD = "run.json";
    static final String PREDICTIONS = "predictions.csv";
    static final String METRICS = "metrics.csv";

    private static final Path PARENT = Path.of("runs");
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

    private RunFolders() {}

    /** Makes {@code runs/TIME-NETWORK}; two runs of the same second get two. */
    static Path create(String networkId) {
        String name = TIME.format(LocalDateTime.now(ZoneId.systemDefault())) + "-" + networkId;
        try {
            Files.createDirectories(PARENT);
            for (int attempt = 1; ; attempt++) {
                Path folder = PARENT.resolve(attempt == 1 ? name : name + "-" + attempt);
                try {
                    return Files.createDirectory(folder);
                } catch (FileAlreadyExistsException taken) {
                    // another run of this second has it
                }
            }
        } catch (IOException e) {
            throw new InputException(
                    "cannot create a directory under " + PARENT.toAbsolutePath() + ": " + e
                            + "\nhint: --out DIR puts the files elsewhere",
                    e);
        }
    }
}

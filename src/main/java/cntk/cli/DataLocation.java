package cntk.cli;

import cntk.dataset.Cifar10;
import cntk.dataset.DataSets;
import cntk.dataset.InputException;
import cntk.dataset.RawSplit;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Where images are read: the embedded sample, or a directory with a data set. */
final class DataLocation {
    static final String SAMPLE = "sample";

    private DataLocation() {}

    static boolean isSample(String data) {
        return data.equals(SAMPLE);
    }

    static RawSplit read(String data) {
        return isSample(data) ? Cifar10.sample() : DataSets.read(directory(data));
    }

    /** The same place for a process in another working directory. */
    static String absolute(String data) {
        return isSample(data)
                ? data
                : directory(data).toAbsolutePath().normalize().toString();
    }

    static Path directory(String data) {
        try {
            return Path.of(data);
        } catch (InvalidPathException e) {
            throw new InputException("'" + data + "' is not the name of a directory", e);
        }
    }
}

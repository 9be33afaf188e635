package cntk.dataset;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** The data sets that can be read, each recognised by the names of its files. */
public final class DataSets {
    static final List<DataFormat> FORMATS = List.of(new Cifar10Format(), new Cifar100Format(), new IdxFormat());

    private DataSets() {}

    /**
     * All images of the data set in a directory.
     *
     * @throws InputException if there is none, or more than one, or if its files are not as they should be
     */
    public static RawSplit read(Path directory) {
        return format(directory).read(directory);
    }

    /**
     * Reads and hashes the data set in a directory.
     *
     * @throws InputException as {@link #read} does
     */
    public static DataInfo info(Path directory) {
        DataFormat format = format(directory);
        RawSplit split = format.read(directory);
        return DataInfo.of(format.describe(directory), split);
    }

    private static DataFormat format(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new InputException(directory + (Files.exists(directory) ? " is not a directory" : " does not exist")
                    + ", expected a directory with a data set\nhint: ./cntk data cifar10 --to DIR fetches one");
        }
        List<DataFormat> found = recognised(directory);
        if (found.size() == 1) {
            return found.getFirst();
        }
        throw new InputException(
                found.isEmpty()
                        ? directory + " holds none of the data sets that can be read; looked for " + looked(FORMATS)
                                + hint(directory)
                        : directory + " holds files of more than one data set: " + looked(found)
                                + "\nhint: give each a directory of its own");
    }

    private static List<DataFormat> recognised(Path directory) {
        return FORMATS.stream().filter(format -> format.recognises(directory)).toList();
    }

    private static String looked(List<DataFormat> formats) {
        return formats.stream()
                .map(format -> format.title() + " (" + format.files() + ")")
                .collect(Collectors.joining("; "));
    }

    /** Archives unpack into a folder of their own, so people often name the one above. */
    private static String hint(Path directory) {
        if (Files.exists(directory.resolve("data_batch_1"))) {
            return "\nhint: these are the files for Python; ./cntk data cifar10 --to DIR fetches the binary ones";
        }
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(directory, Files::isDirectory)) {
            for (Path folder : folders) {
                if (!recognised(folder).isEmpty()) {
                    return "\nhint: use the directory " + folder;
                }
            }
        } catch (IOException e) {
            return ""; // the hint is a courtesy
        }
        return "\nhint: ./cntk data cifar10 --to DIR fetches CIFAR-10";
    }
}

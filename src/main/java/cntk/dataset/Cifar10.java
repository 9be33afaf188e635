package cntk.dataset;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads CIFAR-10 (Krizhevsky 2009) in its official binary format: records of one label byte 0..9 and 3072 pixel bytes, the
 * red, green and blue planes of 32 x 32, row by row.
 */
public final class Cifar10 {
    public static final ImageShape SHAPE = CifarRecords.SHAPE;
    public static final List<String> CLASS_NAMES =
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

    private static final CifarRecords RECORDS =
            new CifarRecords(List.of(new CifarRecords.Label("label", CLASS_NAMES.size())), CLASS_NAMES);
    static final int RECORD_BYTES = RECORDS.bytes();
    static final int RECORDS_PER_FILE = 10_000;
    static final List<String> TRAIN_FILES =
            List.of("data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin");
    static final String TEST_FILE = "test_batch.bin";

    /** MD5 of the six files in the archive that the authors publish. */
    static final Map<String, String> OFFICIAL_MD5 = Map.of(
            "data_batch_1.bin", "5dd7e06a14cb22eb9f671a540d1b7c25",
            "data_batch_2.bin", "5ea93a67294ea407fff1d09f752e9692",
            "data_batch_3.bin", "942cd6a4bcdd0dd3c604fbe906cb4421",
            "data_batch_4.bin", "ae636b3ba5c66a11e91e8cb52e771fcb",
            "data_batch_5.bin", "53f37980c15c3d472c316c40844f3f0d",
            "test_batch.bin", "803d5f7f4d78ea53de84dbe85f74fb6d");

    private static final String SAMPLE_FOLDER = "cifar10-sample/";
    static final String SAMPLE_TRAIN = "train.bin";
    static final String SAMPLE_TEST = "test.bin";

    private Cifar10() {}

    /**
     * All 50,000 training and 10,000 test images of a directory with the six official files; 184 MB in memory.
     *
     * @throws InputException if a file is missing, unreadable, of another size than 10,000 records, or has a label above 9
     */
    public static RawSplit read(Path directory) {
        return read(directory, RECORDS_PER_FILE);
    }

    /** The embedded sample: the first 500 training and the first 250 test images of CIFAR-10. */
    public static RawSplit sample() {
        return new RawSplit(
                parse("cifar10-sample/train", Map.of(SAMPLE_TRAIN, sampleFile(SAMPLE_TRAIN))),
                parse("cifar10-sample/test", Map.of(SAMPLE_TEST, sampleFile(SAMPLE_TEST))));
    }

    static RawSplit read(Path directory, int recordsPerFile) {
        if (!Files.isDirectory(directory)) {
            throw new InputException(directory + (Files.exists(directory) ? " is not a directory" : " does not exist")
                    + ", expected a directory with the CIFAR-10 binary files" + hint(directory));
        }
        for (String file : files()) {
            RECORDS.checkSize(
                    directory.resolve(file),
                    recordsPerFile,
                    "the six files data_batch_1.bin to data_batch_5.bin and test_batch.bin",
                    hint(directory));
        }
        Map<String, byte[]> train = new LinkedHashMap<>();
        for (String file : TRAIN_FILES) {
            train.put(directory.resolve(file).toString(), FileBytes.of(directory.resolve(file)));
        }
        Path test = directory.resolve(TEST_FILE);
        return new RawSplit(
                parse("cifar10/train", train), parse("cifar10/test", Map.of(test.toString(), FileBytes.of(test))));
    }

    /** The six file names, training first. */
    static List<String> files() {
        List<String> files = new ArrayList<>(TRAIN_FILES);
        files.add(TEST_FILE);
        return files;
    }

    static byte[] sampleFile(String file) {
        try (InputStream stream = Cifar10.class.getResourceAsStream(SAMPLE_FOLDER + file)) {
            if (stream == null) {
                throw new IllegalStateException("the embedded sample " + file + " is missing from this build");
            }
            return stream.readAllBytes();
        } catch (IOException e) {
            throw new InputException("the embedded sample " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** The records of some files one after the other; {@code files} maps a name for messages to the content. */
    static ByteImages parse(String name, Map<String, byte[]> files) {
        return RECORDS.parse(name, files);
    }

    private static String hint(Path directory) {
        Path inner = directory.resolve("cifar-10-batches-bin");
        if (Files.isDirectory(inner)) {
            return "\nhint: use the directory " + inner;
        }
        if (Files.exists(directory.resolve("data_batch_1"))) {
            return "\nhint: these are the files for Python; ./cntk data cifar10 --to DIR fetches the binary ones";
        }
        return "\nhint: ./cntk data cifar10 --to DIR fetches them";
    }
}

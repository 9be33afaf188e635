package cntk.dataset;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a data set holds, for people and machines.
 *
 * @param name {@code cifar10-sample} or {@code cifar10}
 * @param files in the order of the images, training first
 * @param shape channels x height x width of every image
 * @param train number of training images
 * @param test number of test images
 * @param classes in the order of the labels 0, 1, ...
 * @param statistics of the training images, after division by 255
 */
public record DataInfo(
        String name,
        List<DataFile> files,
        ImageShape shape,
        int train,
        int test,
        List<ClassCount> classes,
        ChannelStatistics statistics) {

    /**
     * One file of a data set.
     *
     * @param official whether the file is, to the last bit, the published one
     */
    public record DataFile(String name, long bytes, int records, String sha256, String md5, boolean official) {}

    /** Images of one class. */
    public record ClassCount(String name, int train, int test) {}

    /** MD5 of the embedded files, cut from the official ones. */
    static final Map<String, String> SAMPLE_MD5 = Map.of(
            Cifar10.SAMPLE_TRAIN, "ef62fad34ab438b6268f80208e3c7df4",
            Cifar10.SAMPLE_TEST, "7c2864d71b8dc11403c35aff88ca9a2a");

    /**
     * Reads and hashes a directory with the six CIFAR-10 binary files.
     *
     * @throws InputException as {@link Cifar10#read} does
     */
    public static DataInfo ofDirectory(Path directory) {
        RawSplit split = Cifar10.read(directory);
        List<DataFile> described = new ArrayList<>();
        for (String file : Cifar10.files()) {
            described.add(describe(file, Cifar10.bytes(directory.resolve(file)), Cifar10.OFFICIAL_MD5));
        }
        return of("cifar10", described, split);
    }

    /** The same for the embedded sample. */
    public static DataInfo ofSample() {
        List<DataFile> described = new ArrayList<>();
        for (String file : List.of(Cifar10.SAMPLE_TRAIN, Cifar10.SAMPLE_TEST)) {
            described.add(describe(file, Cifar10.sampleFile(file), SAMPLE_MD5));
        }
        return of("cifar10-sample", described, Cifar10.sample());
    }

    /** Whether every file is, to the last bit, the published one. */
    public boolean official() {
        return files.stream().allMatch(DataFile::official);
    }

    static DataInfo of(String name, List<DataFile> files, RawSplit split) {
        List<String> names = split.train().labels().classNames();
        List<ClassCount> classes = new ArrayList<>();
        for (int label = 0; label < names.size(); label++) {
            classes.add(new ClassCount(
                    names.get(label),
                    split.train().labels().count(label),
                    split.test().labels().count(label)));
        }
        return new DataInfo(
                name,
                List.copyOf(files),
                split.train().shape(),
                split.train().count(),
                split.test().count(),
                List.copyOf(classes),
                ChannelStatistics.of(split.train()));
    }

    private static DataFile describe(String name, byte[] content, Map<String, String> published) {
        String md5 = FileHash.of("MD5", content);
        return new DataFile(
                name,
                content.length,
                content.length / Cifar10.RECORD_BYTES,
                FileHash.of("SHA-256", content),
                md5,
                md5.equals(published.get(name)));
    }
}

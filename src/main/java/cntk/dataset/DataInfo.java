package cntk.dataset;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a data set holds, for people and machines.
 *
 * @param name such as {@code cifar10-sample} or {@code fashion-mnist}
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
     * @param records images, or labels in a file of its own
     * @param official whether its content, uncompressed, is to the last bit the published one; null where no checksum of
     *     the single file was published
     */
    public record DataFile(
            String name,
            long bytes,
            int records,
            String sha256,
            String md5,
            @Nullable Boolean official) {}

    /** Images of one class. */
    public record ClassCount(String name, int train, int test) {}

    /** MD5 of the embedded files, cut from the official ones. */
    static final Map<String, String> SAMPLE_MD5 = Map.of(
            Cifar10.SAMPLE_TRAIN, "ef62fad34ab438b6268f80208e3c7df4",
            Cifar10.SAMPLE_TEST, "7c2864d71b8dc11403c35aff88ca9a2a");

    /** The embedded sample. {@link DataSets#info} describes directories. */
    public static DataInfo ofSample() {
        List<DataFile> described = new ArrayList<>();
        for (String file : List.of(Cifar10.SAMPLE_TRAIN, Cifar10.SAMPLE_TEST)) {
            described.add(describe(file, Cifar10.sampleFile(file), Cifar10.RECORD_BYTES, SAMPLE_MD5));
        }
        return of(described, Cifar10.sample());
    }

    /** Whether every file is, to the last bit, the published one. */
    public boolean official() {
        return files.stream().allMatch(file -> Boolean.TRUE.equals(file.official()));
    }

    static DataInfo of(List<DataFile> files, RawSplit split) {
        String train = split.train().name();
        List<String> names = split.train().labels().classNames();
        List<ClassCount> classes = new ArrayList<>();
        for (int label = 0; label < names.size(); label++) {
            classes.add(new ClassCount(
                    names.get(label),
                    split.train().labels().count(label),
                    split.test().labels().count(label)));
        }
        return new DataInfo(
                train.substring(0, train.lastIndexOf('/')),
                List.copyOf(files),
                split.train().shape(),
                split.train().count(),
                split.test().count(),
                List.copyOf(classes),
                ChannelStatistics.of(split.train()));
    }

    /** @param published MD5 by file name */
    static DataFile describe(String name, byte[] content, int recordBytes, Map<String, String> published) {
        String md5 = FileHash.of("MD5", content);
        String expected = published.get(name);
        return new DataFile(
                name,
                content.length,
                content.length / recordBytes,
                FileHash.of("SHA-256", content),
                md5,
                expected == null ? null : Boolean.valueOf(md5.equals(expected)));
    }
}

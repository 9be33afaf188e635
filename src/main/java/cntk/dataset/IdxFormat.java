package cntk.dataset;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * MNIST (LeCun et al. 1998), Fashion-MNIST (Xiao et al. 2017) and others of the same form: four idx files, plain or
 * compressed by gzip. Which set it is follows from the bytes of the training labels; another one gets the classes 0..9.
 */
final class IdxFormat implements DataFormat {
    static final List<String> DIGITS = List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");
    static final List<String> CLOTHES = List.of(
            "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot");

    private static final String TRAIN_IMAGES = "train-images-idx3-ubyte";
    private static final String TRAIN_LABELS = "train-labels-idx1-ubyte";
    private static final String TEST_IMAGES = "t10k-images-idx3-ubyte";
    private static final String TEST_LABELS = "t10k-labels-idx1-ubyte";
    private static final List<String> FILES = List.of(TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS);

    /** A published set: its name, its classes, and the MD5 of its files when uncompressed, in the order of FILES. */
    private record Published(String name, List<String> classes, List<String> md5) {}

    private static final List<Published> PUBLISHED = List.of(
            new Published(
                    "mnist",
                    DIGITS,
                    List.of(
                            "6bbc9ace898e44ae57da46a324031adb",
                            "a25bea736e30d166cdddb491f175f624",
                            "2646ac647ad5339dbf082846283269ea",
                            "27ae3e4e09519cfbb04c329615203637")),
            new Published(
                    "fashion-mnist",
                    CLOTHES,
                    List.of(
                            "f4a8712d7a061bf5bd6d2ca38dc4d50a",
                            "9018921c3c673c538a1fc5bad174d6f9",
                            "8181f5470baa50b63fa0f6fddb340f0a",
                            "15d484375f8d13e6eb1aabb0c3f46965")));

    private static final Published OTHER = new Published("idx", DIGITS, List.of());

    @Override
    public String title() {
        return "MNIST or Fashion-MNIST";
    }

    @Override
    public String files() {
        return String.join(", ", FILES) + ", each perhaps with .gz, or with a dot before idx";
    }

    @Override
    public boolean recognises(Path directory) {
        return FILES.stream().anyMatch(file -> find(directory, file).isPresent());
    }

    @Override
    public RawSplit read(Path directory) {
        IdxFile trainLabels = IdxFile.labels(require(directory, TRAIN_LABELS));
        Published set = PUBLISHED.stream()
                .filter(published ->
                        published.md5().get(FILES.indexOf(TRAIN_LABELS)).equals(trainLabels.md5()))
                .findFirst()
                .orElse(OTHER);
        return new RawSplit(
                images(set, "train", IdxFile.images(require(directory, TRAIN_IMAGES)), trainLabels),
                images(
                        set,
                        "test",
                        IdxFile.images(require(directory, TEST_IMAGES)),
                        IdxFile.labels(require(directory, TEST_LABELS))));
    }

    private static ByteImages images(Published set, String part, IdxFile images, IdxFile labels) {
        if (images.count() != labels.count()) {
            throw new InputException(labels.file() + " has " + labels.count() + " labels, but " + images.file()
                    + " has " + images.count() + " images");
        }
        int[] values = new int[labels.count()];
        for (int index = 0; index < values.length; index++) {
            values[index] = labels.data()[index] & 0xff;
            if (values[index] >= set.classes().size()) {
                throw new InputException(labels.file() + " has label " + values[index] + " of image " + index
                        + " (byte offset " + (labels.dataOffset() + index) + "), expected 0.."
                        + (set.classes().size() - 1));
            }
        }
        ImageShape shape =
                new ImageShape(1, images.sizes().get(1), images.sizes().get(2));
        return new ByteImages(set.name() + "/" + part, shape, images.data(), new Labels(values, set.classes()));
    }

    @Override
    public List<DataInfo.DataFile> describe(Path directory) {
        return FILES.stream().map(file -> describe(directory, file)).toList();
    }

    private static DataInfo.DataFile describe(Path directory, String name) {
        Path file = require(directory, name);
        IdxFile content =
                name.equals(TRAIN_IMAGES) || name.equals(TEST_IMAGES) ? IdxFile.images(file) : IdxFile.labels(file);
        byte[] bytes = FileBytes.of(file);
        return new DataInfo.DataFile(
                String.valueOf(file.getFileName()),
                bytes.length,
                content.count(),
                FileHash.of("SHA-256", bytes),
                FileHash.of("MD5", bytes),
                PUBLISHED.stream()
                        .anyMatch(published ->
                                published.md5().get(FILES.indexOf(name)).equals(content.md5())));
    }

    private static Path require(Path directory, String name) {
        return find(directory, name)
                .orElseThrow(() -> new InputException(directory.resolve(name)
                        + " is missing, with and without .gz; expected the four files "
                        + String.join(", ", FILES)));
    }

    /** The file under one of the names that mirrors give it; the uncompressed one where both are there. */
    private static Optional<Path> find(Path directory, String name) {
        String dotted = name.replace("-idx", ".idx");
        return List.of(name, dotted, name + ".gz", dotted + ".gz").stream()
                .map(directory::resolve)
                .filter(Files::isRegularFile)
                .findFirst();
    }
}

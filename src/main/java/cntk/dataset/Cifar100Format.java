package cntk.dataset;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/**
 * CIFAR-100 (Krizhevsky 2009) in its official binary format: records of a coarse label 0..19, a fine label 0..99 and 3072
 * pixel bytes. The fine labels are used; their names are those of {@code fine_label_names.txt} where that is there.
 */
final class Cifar100Format implements DataFormat {
    static final String TRAIN = "train.bin";
    static final String TEST = "test.bin";
    static final String NAMES = "fine_label_names.txt";
    static final int TRAIN_RECORDS = 50_000;
    static final int TEST_RECORDS = 10_000;
    private static final int COARSE_CLASSES = 20;
    private static final int FINE_CLASSES = 100;

    /** As in the published fine_label_names.txt: alphabetical. */
    static final List<String> CLASS_NAMES =
            List.of(("apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle "
                            + "bowl boy bridge bus butterfly camel can castle caterpillar cattle "
                            + "chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur "
                            + "dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard "
                            + "lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain "
                            + "mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree "
                            + "plain plate poppy porcupine possum rabbit raccoon ray road rocket "
                            + "rose sea seal shark shrew skunk skyscraper snail snake spider "
                            + "squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor "
                            + "train trout tulip turtle wardrobe whale willow_tree wolf woman worm")
                    .split(" "));

    private final int trainRecords;
    private final int testRecords;

    Cifar100Format() {
        this(TRAIN_RECORDS, TEST_RECORDS);
    }

    Cifar100Format(int trainRecords, int testRecords) {
        this.trainRecords = trainRecords;
        this.testRecords = testRecords;
    }

    @Override
    public String title() {
        return "CIFAR-100";
    }

    @Override
    public String files() {
        return TRAIN + ", " + TEST;
    }

    @Override
    public boolean recognises(Path directory) {
        return Files.exists(directory.resolve(TRAIN)) || Files.exists(directory.resolve(TEST));
    }

    @Override
    public RawSplit read(Path directory) {
        CifarRecords records = records(classNames(directory.resolve(NAMES)));
        return new RawSplit(
                part(records, "cifar100/train", directory.resolve(TRAIN), trainRecords),
                part(records, "cifar100/test", directory.resolve(TEST), testRecords));
    }

    private ByteImages part(CifarRecords records, String name, Path file, int count) {
        records.checkSize(file, count, "the files " + files() + " of CIFAR-100", hint(file));
        return records.parse(name, Map.of(file.toString(), FileBytes.of(file)));
    }

    /** The sample of this program has files of the same names, with records of CIFAR-10. */
    private static String hint(Path file) {
        try {
            return Files.exists(file) && Files.size(file) > 0 && Files.size(file) % Cifar10.RECORD_BYTES == 0
                    ? "\nhint: it has the size of a file of CIFAR-10 records; --data sample reads the embedded sample"
                    : "";
        } catch (IOException e) {
            return ""; // the hint is a courtesy
        }
    }

    @Override
    public List<DataInfo.DataFile> describe(Path directory) {
        int bytes = records(CLASS_NAMES).bytes();
        return List.of(TRAIN, TEST).stream()
                .map(file -> DataInfo.describe(file, FileBytes.of(directory.resolve(file)), bytes, Map.of()))
                .toList();
    }

    static CifarRecords records(List<String> classNames) {
        return new CifarRecords(
                List.of(
                        new CifarRecords.Label("coarse label", COARSE_CLASSES),
                        new CifarRecords.Label("fine label", FINE_CLASSES)),
                classNames);
    }

    private static List<String> classNames(Path file) {
        if (!Files.exists(file)) {
            return CLASS_NAMES;
        }
        List<String> names = new String(FileBytes.of(file), StandardCharsets.UTF_8)
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .toList();
        if (names.size() != FINE_CLASSES || new HashSet<>(names).size() != FINE_CLASSES) {
            throw new InputException(
                    file + " has " + names.size() + " lines with text, expected " + FINE_CLASSES + " different names");
        }
        return names;
    }
}

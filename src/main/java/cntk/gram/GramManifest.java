package cntk.gram;

import cntk.dataset.InputException;
import cntk.plan.KernelKind;
import cntk.plan.Precision;
import cntk.plan.TilePlan;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * All that the bits of a stored kernel matrix depend on, as {@code manifest.json} in the run directory: a run resumes only
 * where every field agrees.
 *
 * @param network canonical text
 * @param sweep ids of all networks computed in one sweep, this one among them: the order of sums over planes may depend on what else is
 *     read from them
 * @param flip whether kernels are averaged over horizontal flips
 * @param unitDiagonal whether kernels are brought to unit diagonal
 * @param backend {@code cpu}, {@code cuda}, {@code cuda+cpu}, {@code oracle}: two backends agree within their tolerances, not in their bits
 * @param trainSha256 hash of pixels, labels and preprocessing
 * @param normalization such as {@code standard} or {@code zca(eps=1.0E-4)}; the hashes cover it
 * @param augmentation {@code none} or {@code flip}; the counts and hashes are of what it makes
 * @param trainTileSide part of the layout on disk, not of the bits; also {@code crossTileSide}
 * @param data where the images were read, for {@code verify}; not compared, for the hashes say whether they are the same
 */
public record GramManifest(
        String network,
        String networkId,
        KernelKind kind,
        String sweep,
        boolean flip,
        boolean unitDiagonal,
        Precision precision,
        String backend,
        String trainSha256,
        int trainCount,
        String testSha256,
        int testCount,
        String normalization,
        String augmentation,
        int trainTileSide,
        int crossTileSide,
        String engineVersion,
        String data) {
    static final String FILE_NAME = "manifest.json";
    /** To be raised when the layout of the run directory changes. */
    private static final int FORMAT = 1;
    /** The one field that may differ on a resume: images may be moved. */
    private static final String DATA = "data";

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /**
     * Writes the manifest if the directory is empty, else compares.
     *
     * @param directory exists and is locked by this process
     * @param alone whether no other process may be writing there
     * @throws InputException if the directory is foreign or its manifest differs; names every difference
     * @throws StoreException if the disk fails
     */
    static void open(Path directory, GramManifest wanted, boolean alone) {
        Path file = directory.resolve(FILE_NAME);
        try {
            if (alone) {
                DurableFiles.deleteTemporaries(directory);
            }
            if (!Files.exists(file)) {
                OutputDirectories.requireEmptyOrMarked(directory, FILE_NAME, RunLock.FILE_NAME);
            }
            if (Files.exists(file)) {
                requireSame(file, stored(file, Files.readAllBytes(file)), wanted.fields());
            } else {
                new DurableFiles().write(file, wanted.bytes());
            }
        } catch (IOException e) {
            throw StoreException.cannotWrite(file, e);
        }
    }

    /**
     * Writes the manifest beside a matrix that lies outside the run directory, or compares it with the one there.
     *
     * @throws InputException if that differs; names every difference
     * @throws StoreException if the medium fails
     */
    public void claim(StoreFiles files) {
        String file = files.place(FILE_NAME);
        try {
            if (!files.exists(FILE_NAME)) {
                files.write(FILE_NAME, bytes(), false);
            }
            requireSame(file, stored(file, files.read(FILE_NAME)), fields());
        } catch (IOException e) {
            throw StoreException.cannotWrite(file, e);
        }
    }

    /**
     * The manifest of a run, finished or not; needs no lock, for the file never changes.
     *
     * @throws InputException if there is none, or one of another program or version
     */
    public static GramManifest read(Path directory) {
        Path file = directory.resolve(FILE_NAME);
        try {
            return new StoredFields(file, stored(file, Files.readAllBytes(file))).manifest();
        } catch (NoSuchFileException | NotDirectoryException e) {
            throw new InputException(directory + " is not a run directory: it holds no " + FILE_NAME, e);
        } catch (IOException e) {
            throw StoreException.cannotRead(file, e);
        }
    }

    /** The typed view of a file that a person may have edited. */
    private record StoredFields(Path file, Map<String, String> values) {
        GramManifest manifest() {
            if (number("format") != FORMAT) {
                throw new InputException(file + ": format: found " + text("format") + ", expected " + FORMAT
                        + "\nhint: use the version of this program that made it: " + text("engine_version"));
            }
            return new GramManifest(
                    text("network"),
                    text("network_id"),
                    word("kind", KernelKind.values(), KernelKind::word),
                    text("sweep"),
                    flag("flip"),
                    flag("unit_diagonal"),
                    word("precision", Precision.values(), Precision::word),
                    text("backend"),
                    text("train_sha256"),
                    number("train_count"),
                    text("test_sha256"),
                    number("test_count"),
                    text("normalization"),
                    text("augmentation"),
                    number("train_tile_side"),
                    number("cross_tile_side"),
                    text("engine_version"),
                    text(DATA));
        }

        private String text(String name) {
            String value = values.get(name);
            if (value == null) {
                throw new InputException(file + ": " + name + ": found nothing");
            }
            return value;
        }

        private int number(String name) {
            String value = text(name);
            try {
                return Integer.parseInt(value);
            } catch (NumberFormatException e) {
                throw new InputException(file + ": " + name + ": found " + value + ", expected an integer", e);
            }
        }

        private boolean flag(String name) {
            String value = text(name);
            if (!value.equals("true") && !value.equals("false")) {
                throw new InputException(file + ": " + name + ": found " + value + ", expected true or false");
            }
            return value.equals("true");
        }

        private <T> T word(String name, T[] choices, Function<T, String> word) {
            String value = text(name);
            return Arrays.stream(choices)
                    .filter(choice -> word.apply(choice).equals(value))
                    .findFirst()
                    .orElseThrow(() -> new InputException(file + ": " + name + ": found " + value + ", expected one of "
                            + Arrays.stream(choices).map(word).toList()));
        }
    }

    /** The tiles of train x train, upper triangle. */
    public TilePlan trainPlan() {
        return new TilePlan(trainCount, trainCount, trainTileSide, true);
    }

    /** The tiles of test x train. */
    public TilePlan crossPlan() {
        return new TilePlan(testCount, trainCount, crossTileSide, false);
    }

    /** Whether a manifest is there; {@link #open} says whether it is the right one. */
    static boolean isIn(Path directory) {
        return Files.exists(directory.resolve(FILE_NAME));
    }

    /** Every field by its name in the file, in the file's order. */
    private Map<String, String> fields() {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("format", Integer.toString(FORMAT));
        fields.put("network", network);
        fields.put("network_id", networkId);
        fields.put("kind", kind.word());
        fields.put("sweep", sweep);
        fields.put("flip", Boolean.toString(flip));
        fields.put("unit_diagonal", Boolean.toString(unitDiagonal));
        fields.put("precision", precision.word());
        fields.put("backend", backend);
        fields.put("train_sha256", trainSha256);
        fields.put("train_count", Integer.toString(trainCount));
        fields.put("test_sha256", testSha256);
        fields.put("test_count", Integer.toString(testCount));
        fields.put("normalization", normalization);
        fields.put("augmentation", augmentation);
        fields.put("train_tile_side", Integer.toString(trainTileSide));
        fields.put("cross_tile_side", Integer.toString(crossTileSide));
        fields.put("engine_version", engineVersion);
        fields.put(DATA, data);
        return fields;
    }

    private byte[] bytes() throws JsonProcessingException {
        ObjectNode root = JSON.createObjectNode();
        fields().forEach(root::put);
        for (String number : List.of("format", "train_count", "test_count", "train_tile_side", "cross_tile_side")) {
            root.put(number, Integer.parseInt(root.get(number).textValue()));
        }
        root.put("flip", flip);
        root.put("unit_diagonal", unitDiagonal);
        return JSON.writeValueAsBytes(root);
    }

    private static void requireSame(Object file, Map<String, String> stored, Map<String, String> wanted) {
        Set<String> names = new LinkedHashSet<>(wanted.keySet());
        names.addAll(stored.keySet());
        names.remove(DATA);
        List<String> differences = new ArrayList<>();
        for (String name : names) {
            String before = stored.getOrDefault(name, "nothing");
            String now = wanted.getOrDefault(name, "nothing");
            if (!before.equals(now)) {
                differences.add(name + ": the store has " + before + ", this run wants " + now);
            }
        }
        if (!differences.isEmpty()) {
            throw new InputException(file + " was made with other options: " + String.join("; ", differences)
                    + "\nhint: repeat those options to resume, or choose another --out");
        }
    }

    private static Map<String, String> stored(Object file, byte[] content) throws IOException {
        JsonNode root;
        try {
            root = JSON.readTree(content);
        } catch (JsonProcessingException e) {
            throw new InputException(
                    file + " is not JSON: " + e.getOriginalMessage() + "\n" + OutputDirectories.ANOTHER_OUT, e);
        }
        if (!root.isObject() || !root.path("format").isIntegralNumber()) {
            throw new InputException(file + " is not a manifest of this program: format: found "
                    + (root.path("format").isMissingNode() ? "nothing" : root.path("format"))
                    + ", expected " + FORMAT + "\n" + OutputDirectories.ANOTHER_OUT);
        }
        Map<String, String> fields = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> field : root.properties()) {
            JsonNode value = field.getValue();
            fields.put(field.getKey(), value.isValueNode() ? value.asText() : value.toString());
        }
        fields.putIfAbsent("augmentation", "none"); // manifests before there was a choice
        fields.putIfAbsent("sweep", fields.getOrDefault("network_id", ""));
        fields.putIfAbsent("flip", "false");
        fields.putIfAbsent("unit_diagonal", "false");
        return fields;
    }
}

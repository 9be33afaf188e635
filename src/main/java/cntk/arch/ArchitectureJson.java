package cntk.arch;

import cntk.dataset.InputException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The JSON form of a network, that of the golden files: a list of layers, or an object that has it under {@code arch}.
 *
 * <pre>
 *   [{"op": "conv", "k": 3, "padding": "zero", "W_std": 1.4142135623730951, "b_std": 0.0, "stride": 1, "train": true},
 *    {"op": "relu"}, {"op": "gap"}, {"op": "dense", "W_std": 1, "b_std": 0.0, "train": true}]
 * </pre>
 *
 * Left-out keys have the defaults of the network language.
 */
public final class ArchitectureJson {
    private static final long MAX_BYTES = 4 << 20;
    private static final Map<String, String> ARGUMENT_OF_KEY =
            Map.of("k", "k", "padding", "pad", "W_std", "w", "b_std", "b", "stride", "stride", "train", "train");
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private ArchitectureJson() {}

    /** Reads a file; an error names the file and the layer. */
    public static Architecture read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new InputException("network file " + file + " does not exist");
        }
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new InputException("network file " + file + " is larger than " + MAX_BYTES + " bytes");
            }
            return parse(Files.readString(file), "network file " + file);
        } catch (IOException e) {
            throw new InputException("network file " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** Reads JSON text; {@code source} names it in errors. */
    public static Architecture parse(String json, String source) {
        JsonNode root;
        try {
            root = MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new InputException(source + " is not JSON: " + e.getOriginalMessage() + place(e), e);
        }
        JsonNode list = root.isObject() ? root.path("arch") : root;
        if (!list.isArray()) {
            throw new InputException(
                    source + " has no list of layers\nhint: write a list, or an object with the key arch");
        }
        List<Layer> layers = new ArrayList<>();
        for (JsonNode node : list) {
            try {
                layers.add(layer(node));
            } catch (InputException e) {
                throw new InputException(
                        source + ", layer " + (layers.size() + 1) + " '" + node + "': " + e.getMessage(), e);
            }
        }
        try {
            return new Architecture(layers);
        } catch (InputException e) {
            throw new InputException(source + ": " + e.getMessage(), e);
        }
    }

    private static Layer layer(JsonNode node) {
        JsonNode op = node.path("op");
        if (!op.isTextual()) {
            throw new InputException("its op is missing\nhint: write {\"op\": \"conv\", ...}");
        }
        LayerArguments arguments = new LayerArguments();
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            String key = field.getKey();
            if (key.equals("op")) {
                continue;
            }
            String argument = ARGUMENT_OF_KEY.get(key);
            if (argument == null) {
                throw new InputException("key '" + key + "' is unknown"
                        + Spelling.hint(
                                key, ARGUMENT_OF_KEY.keySet(), "keys are op, k, padding, W_std, b_std, stride, train"));
            }
            if (!field.getValue().isValueNode() || field.getValue().isNull()) {
                throw new InputException("the value of '" + key + "' must be a number, a word or true or false");
            }
            arguments.put(argument, field.getValue().asText());
        }
        return LayerWords.layer(op.textValue(), arguments);
    }

    private static String place(JsonProcessingException e) {
        return e.getLocation() == null
                ? ""
                : ", line " + e.getLocation().getLineNr() + ", column "
                        + e.getLocation().getColumnNr();
    }
}

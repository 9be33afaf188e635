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
import java.util.function.Supplier;

/**
 * The JSON form of a network, that of the golden files: a list of layers, or an object that has it under {@code arch}.
 *
 * <pre>
 *   [{"op": "conv", "k": 3, "padding": "zero", "W_std": 1.4142135623730951, "b_std": 0.0, "stride": 1, "train": true},
 *    {"op": "avgpool", "k": 2, "stride": 2, "padding": "valid"}, {"op": "lap", "c": 4, "padding": "zero"},
 *    {"op": "leakyrelu", "a": 0.1}, {"op": "rbf", "gamma": 1}, {"op": "relu_project"},
 *    {"op": "residual", "branch": [{"op": "relu"}, {"op": "conv"}], "shortcut": [{"op": "conv", "k": 1}]},
 *    {"op": "relu"}, {"op": "gap"}, {"op": "dense", "W_std": 1, "b_std": 0.0, "train": true}]
 * </pre>
 *
 * Left-out keys have the defaults of the network language.
 */
public final class ArchitectureJson {
    private static final long MAX_BYTES = 4 << 20;
    private static final Map<String, String> ARGUMENT_OF_KEY = Map.of(
            "k", "k", "padding", "pad", "W_std", "w", "b_std", "b", "stride", "stride", "train", "train", "c", "c", "a",
            "a", "gamma", "gamma");
    /** Where an op is spelt otherwise than the word of the network language. */
    private static final Map<String, String> WORD_OF_OP = Map.of("relu_project", "reluproject");

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
        List<Layer> layers = layers(list, source + ", ");
        try {
            return new Architecture(layers);
        } catch (InputException e) {
            throw new InputException(source + ": " + e.getMessage(), e);
        }
    }

    private static List<Layer> layers(JsonNode list, String place) {
        List<Layer> layers = new ArrayList<>();
        for (JsonNode node : list) {
            String name = place + "layer " + (layers.size() + 1);
            layers.add(
                    node.path("op").asText().equals(LayerWords.RESIDUAL)
                            ? residual(node, name)
                            : named(name + " '" + node + "'", () -> layer(node)));
        }
        return layers;
    }

    private static Layer named(String name, Supplier<Layer> reading) {
        try {
            return reading.get();
        } catch (InputException e) {
            throw new InputException(name + ": " + e.getMessage(), e);
        }
    }

    /** Errors inside name the inner layer. */
    private static Layer residual(JsonNode node, String name) {
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            String key = field.getKey();
            boolean list = key.equals("branch") || key.equals("shortcut");
            if (!list && !key.equals("op")) {
                throw new InputException(
                        name + ": key '" + key + "' is unknown\nhint: its keys are op, branch, shortcut");
            }
            if (list && !field.getValue().isArray()) {
                throw new InputException(name + ": '" + key + "' must be a list of layers");
            }
        }
        List<Layer> branch = layers(node.path("branch"), name + ", branch ");
        List<Layer> shortcut = layers(node.path("shortcut"), name + ", shortcut ");
        return named(name + " 'residual'", () -> new Layer.Residual(branch, shortcut));
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
                                key,
                                ARGUMENT_OF_KEY.keySet(),
                                "keys are op, k, padding, W_std, b_std, stride, train, c, a, gamma"));
            }
            if (!field.getValue().isValueNode() || field.getValue().isNull()) {
                throw new InputException("the value of '" + key + "' must be a number, a word or true or false");
            }
            arguments.put(argument, field.getValue().asText());
        }
        return LayerWords.layer(WORD_OF_OP.getOrDefault(op.textValue(), op.textValue()), arguments);
    }

    private static String place(JsonProcessingException e) {
        return e.getLocation() == null
                ? ""
                : ", line " + e.getLocation().getLineNr() + ", column "
                        + e.getLocation().getColumnNr();
    }
}

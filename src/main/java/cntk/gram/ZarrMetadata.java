package cntk.gram;

import cntk.plan.Precision;
import cntk.plan.TilePlan;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The {@code zarr.json} of a kernel matrix, after the Zarr core specification, version 3. */
final class ZarrMetadata {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final ObjectNode document;

    ZarrMetadata(GramSpec spec) {
        this.document = document(spec);
    }

    byte[] bytes() {
        try {
            return JSON.writeValueAsBytes(document);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e); // a tree of strings and integers always has a text
        }
    }

    /**
     * What of this document the other one contradicts, as {@code field: found ..., expected ...}; fields that only the other
     * one has are its own business.
     *
     * @throws JsonProcessingException if {@code other} is not JSON
     */
    List<String> differences(byte[] other) throws JsonProcessingException {
        List<String> differences = new ArrayList<>();
        compare("", parse(bytes()), parse(other), differences);
        return differences;
    }

    private static void compare(String path, JsonNode expected, JsonNode found, List<String> differences) {
        for (Map.Entry<String, JsonNode> field : expected.properties()) {
            String name = path + field.getKey();
            JsonNode value = found.path(field.getKey());
            if (field.getValue().isObject() && value.isObject()) {
                compare(name + ".", field.getValue(), value, differences);
            } else if (!field.getValue().equals(value)) {
                differences.add(name + ": found " + (value.isMissingNode() ? "nothing" : flat(value)) + ", expected "
                        + flat(field.getValue()));
            }
        }
    }

    private static String flat(JsonNode value) {
        return value.toString(); // on one line
    }

    /** Both documents are compared as parsed text, for there an integer has one type only. */
    private static JsonNode parse(byte[] text) throws JsonProcessingException {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw e;
        } catch (IOException e) {
            throw new UncheckedIOException(e); // there is no input or output in a byte array
        }
    }

    private static ObjectNode document(GramSpec spec) {
        TilePlan plan = spec.plan();
        ObjectNode root = JSON.createObjectNode();
        root.put("zarr_format", 3).put("node_type", "array");
        root.putArray("shape").add(plan.rows()).add(plan.cols());
        root.putArray("dimension_names").add("row").add("column");
        root.put("data_type", spec.precision() == Precision.F32 ? "float32" : "float64");
        root.putObject("chunk_grid")
                .put("name", "regular")
                .putObject("configuration")
                .putArray("chunk_shape")
                .add(plan.side())
                .add(plan.side());
        root.putObject("chunk_key_encoding")
                .put("name", "default")
                .putObject("configuration")
                .put("separator", "/");
        root.put("fill_value", "NaN");
        ArrayNode codecs = root.putArray("codecs");
        codecs.addObject().put("name", "bytes").putObject("configuration").put("endian", "little");
        codecs.addObject().put("name", "crc32c");
        root.putObject("attributes")
                .put("matrix", "kernel")
                .put("kind", spec.kind().word())
                .put("triangle", spec.triangle())
                .put("network", spec.networkId());
        return root;
    }
}

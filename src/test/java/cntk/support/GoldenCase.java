package cntk.support;

import cntk.backend.GoldenImages;
import cntk.dataset.ImageSet;
import cntk.dataset.ImageShape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * One golden file: a network, images and the kernel matrices that an 80-bit evaluation gave for them.
 *
 * @param arch the layer list, a JSON array; its text is {@link #archJson()}
 * @param x1 row images, raw values
 * @param x2 column images, or null for the symmetric case
 * @param nngp rows x columns, or null where undefined
 * @param ntk rows x columns, or null where undefined
 * @param document the whole file
 */
public record GoldenCase(
        String name,
        ImageShape shape,
        JsonNode arch,
        ImageSet x1,
        @Nullable ImageSet x2,
        double @Nullable [][] nngp,
        double @Nullable [][] ntk,
        JsonNode document) {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Names of all golden files, sorted, as their index lists them. */
    public static List<String> names() {
        List<String> names = new ArrayList<>();
        resource("_index").forEach(entry -> names.add(entry.get("name").asText()));
        return names.stream().sorted().toList();
    }

    /** All golden cases, for a {@code @MethodSource}. */
    public static List<GoldenCase> all() {
        return names().stream().map(GoldenCase::load).toList();
    }

    /** Loads {@code golden/<name>.json} from the test resources. */
    public static GoldenCase load(String name) {
        JsonNode document = resource(name);
        JsonNode size = document.get("shape");
        ImageShape shape = new ImageShape(
                size.get("C").asInt(), size.get("H").asInt(), size.get("W").asInt());
        return new GoldenCase(
                document.get("name").asText(),
                shape,
                document.get("arch"),
                images(name + "/x1", document.get("x1"), shape),
                document.get("x2").isNull() ? null : images(name + "/x2", document.get("x2"), shape),
                matrix(document.get("nngp")),
                matrix(document.get("ntk")),
                document);
    }

    /** A JSON file of the golden folder, named without its ending. */
    public static JsonNode resource(String name) {
        try (InputStream stream = GoldenCase.class.getResourceAsStream("/golden/" + name + ".json")) {
            if (stream == null) {
                throw new IllegalArgumentException("no golden file " + name);
            }
            return JSON.readTree(stream);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The layer list as JSON text. */
    public String archJson() {
        return arch.toString();
    }

    /** The column images: {@code x1} itself (the same object) in the symmetric case. */
    public ImageSet columns() {
        return x2 == null ? x1 : x2;
    }

    /** The names of the layers in order, such as {@code [conv, relu, gap, dense]}. */
    public List<String> ops() {
        List<String> ops = new ArrayList<>();
        arch.forEach(layer -> ops.add(layer.get("op").asText()));
        return ops;
    }

    /** The matrix {@code nngp} or {@code ntk}, if defined. */
    public Optional<double[][]> matrixOf(String kind) {
        return Optional.ofNullable("nngp".equals(kind) ? nngp : ntk);
    }

    /** How far plain float64 stands from the matrix ({@code nngp} or {@code ntk}): no better can be asked. */
    public OptionalDouble relF64(String kind) {
        JsonNode value = document.path("rel_f64").path(kind);
        return value.isNumber() ? OptionalDouble.of(value.asDouble()) : OptionalDouble.empty();
    }

    @Override
    public String toString() {
        return name;
    }

    private static ImageSet images(String name, JsonNode recipes, ImageShape shape) {
        List<double[]> images = new ArrayList<>();
        recipes.forEach(recipe -> images.add(GoldenImages.values(recipe, shape)));
        return ImageSet.ofValues(name, shape, images.toArray(double[][]::new));
    }

    private static double @Nullable [][] matrix(JsonNode rows) {
        if (rows.isNull()) {
            return null;
        }
        double[][] matrix = new double[rows.size()][];
        for (int row = 0; row < matrix.length; row++) {
            matrix[row] = new double[rows.get(row).size()];
            for (int col = 0; col < matrix[row].length; col++) {
                matrix[row][col] = rows.get(row).get(col).doubleValue();
            }
        }
        return matrix;
    }
}

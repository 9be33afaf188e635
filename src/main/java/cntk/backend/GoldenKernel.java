package cntk.backend;

import cntk.arch.ArchitectureJson;
import cntk.arch.Network;
import cntk.dataset.ImageSet;
import cntk.dataset.ImageShape;
import cntk.plan.KernelKind;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A golden file that travels in the jar: images by integer recipes, and kernels that an 80-bit evaluation outside of this project gave
 * for them. Few of the golden files of the tests: together they reach every family of CUDA kernels.
 *
 * @param rows row images
 * @param cols column images; the same object in the symmetric case
 * @param kernels row-major values of each kind that the file has
 */
record GoldenKernel(String name, Network network, ImageSet rows, ImageSet cols, Map<KernelKind, double[]> kernels) {
    /** The packaged files; the pom copies them by name. */
    static final List<String> NAMES = List.of(
            "arora_cntk_gap_depth11_8x8",
            "conv_depth10_circular_gap_8x8",
            "conv_depth21_zero_flat_8x8_bias",
            "conv_depth4_zero_gap_16x16",
            "conv_erf_depth3_zero_gap_8x8",
            "lap2_zero_depth3_8x8",
            "pool2_depth3_8x12",
            "arora_cntk_v_depth21_32x32",
            "arora_cntk_gap_depth11_32x32",
            "myrtle5_neural_tangents_32x32");

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Reads a file of the jar. */
    static GoldenKernel load(String name) {
        JsonNode document = read(name);
        JsonNode size = document.path("shape");
        ImageShape shape = new ImageShape(
                size.path("C").intValue(),
                size.path("H").intValue(),
                size.path("W").intValue());
        Network network =
                Network.of(ArchitectureJson.parse(document.path("arch").toString(), name), shape);
        ImageSet rows = images(name + "/x1", document.path("x1"), shape);
        ImageSet cols = document.path("x2").isNull() ? rows : images(name + "/x2", document.path("x2"), shape);
        Map<KernelKind, double[]> kernels = new EnumMap<>(KernelKind.class);
        for (KernelKind kind : KernelKind.values()) {
            JsonNode matrix = document.path(kind.word());
            if (matrix.isArray()) {
                kernels.put(kind, values(matrix));
            }
        }
        return new GoldenKernel(name, network, rows, cols, kernels);
    }

    private static JsonNode read(String name) {
        try (InputStream in = GoldenKernel.class.getResourceAsStream("golden/" + name + ".json")) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks cntk/backend/golden/" + name + ".json");
            }
            return JSON.readTree(in);
        } catch (IOException damaged) {
            throw new UncheckedIOException("the jar's golden file " + name + " cannot be read", damaged);
        }
    }

    private static ImageSet images(String name, JsonNode recipes, ImageShape shape) {
        List<double[]> images = new ArrayList<>();
        recipes.forEach(recipe -> images.add(GoldenImages.values(recipe, shape)));
        return ImageSet.ofValues(name, shape, images.toArray(double[][]::new));
    }

    private static double[] values(JsonNode matrix) {
        List<Double> values = new ArrayList<>();
        matrix.forEach(row -> row.forEach(value -> values.add(value.doubleValue())));
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }
}

package cntk.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cntk.dataset.ImageShape;
import cntk.support.GoldenCase;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GoldenImagesTest {
    @ParameterizedTest
    @MethodSource("cntk.support.GoldenCase#names")
    void everyRecordCheckOfAGoldenFileHolds(String name) {
        GoldenCase golden = GoldenCase.load(name);
        List<JsonNode> recipes = new ArrayList<>();
        golden.document().get("x1").forEach(recipes::add);
        golden.document().get("x2").forEach(recipes::add);
        JsonNode checks = golden.document().get("record_check");

        assertThat(checks.size()).isIn(golden.x1().count(), recipes.size());
        for (int index = 0; index < checks.size(); index++) {
            JsonNode check = checks.get(index);
            if (!check.isNull()) {
                JsonNode recipe = recipes.get(index);
                int[] bytes = GoldenImages.bytes(
                        recipe.get("kind").asText(), recipe.get("k").asInt(), golden.shape());
                assertRecord(bytes, check, "first8", 8);
                assertThat(Arrays.copyOfRange(bytes, Math.max(0, bytes.length - 4), bytes.length))
                        .isEqualTo(ints(check.get("last4")));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cntk.support.GoldenCase#names")
    void theMatricesOfAGoldenFileHaveOneRowPerRowImage(String name) {
        GoldenCase golden = GoldenCase.load(name);
        for (String kind : List.of("nngp", "ntk")) {
            golden.matrixOf(kind).ifPresent(matrix -> {
                assertThat(matrix).hasNumberOfRows(golden.x1().count());
                assertThat(matrix[0]).hasSize(golden.columns().count());
                assertThat(golden.relF64(kind)).isPresent();
            });
        }
    }

    @Test
    void theExampleRecordsAreReproduced() {
        for (JsonNode example : GoldenCase.resource("_inputs").get("examples")) {
            ImageShape shape = new ImageShape(
                    example.get("C").asInt(),
                    example.get("H").asInt(),
                    example.get("W").asInt());
            int[] bytes = GoldenImages.bytes(
                    example.get("kind").asText(), example.get("k").asInt(), shape);
            assertThat(bytes).hasSize(example.get("n").asInt());
            assertRecord(bytes, example, "first16", 16);
            if (example.has("bytes")) {
                assertThat(bytes).isEqualTo(ints(example.get("bytes")));
            }
        }
    }

    @Test
    void theCifarNormalisationIsReproducedToTheLastBit() {
        JsonNode expected = GoldenCase.resource("_inputs").get("cifar_normalised_lcg0_3x4x4_first4");
        JsonNode recipe =
                GoldenCase.load("conv1_depth3_gap_4x4").document().get("x1").get(0);
        double[] values = GoldenImages.values(recipe, new ImageShape(3, 4, 4));
        for (int i = 0; i < 4; i++) {
            assertThat(values[i]).isEqualTo(expected.get(i).doubleValue());
        }
    }

    /** Three ReLU layers with weights sqrt(2) map the cosine of two images three times by the first arc-cosine kernel. */
    @Test
    void everySpecialImageIsTheOneOfTheGoldenKernel() {
        GoldenCase golden = GoldenCase.load("fc_relu_special_nobias");
        double[][] nngp = golden.matrixOf("nngp").orElseThrow();
        double[][] images = new double[golden.x1().count()][golden.shape().values()];
        for (int i = 0; i < images.length; i++) {
            golden.x1().read(i, images[i]);
        }
        for (int i = 0; i < images.length; i++) {
            for (int j = 0; j < images.length; j++) {
                double norms = Math.sqrt(dot(images[i], images[i]) * dot(images[j], images[j]));
                double cosine = norms == 0 ? 0 : dot(images[i], images[j]) / norms;
                double expected = norms / images[i].length * arcCosine(arcCosine(arcCosine(cosine)));
                assertThat(nngp[i][j]).isCloseTo(expected, within(1e-7)); // acos loses half the digits at cosine 1
            }
        }
    }

    private static double arcCosine(double cosine) {
        double clamped = Math.clamp(cosine, -1.0, 1.0);
        return (Math.sqrt(1 - clamped * clamped) + clamped * (Math.PI - Math.acos(clamped))) / Math.PI;
    }

    private static double dot(double[] left, double[] right) {
        return IntStream.range(0, left.length)
                .mapToDouble(i -> left[i] * right[i])
                .sum();
    }

    private static void assertRecord(int[] bytes, JsonNode check, String firstField, int firstCount) {
        CRC32 crc = new CRC32();
        Arrays.stream(bytes).forEach(crc::update);
        assertThat(Arrays.copyOf(bytes, Math.min(bytes.length, firstCount))).isEqualTo(ints(check.get(firstField)));
        assertThat(Arrays.stream(bytes).sum()).isEqualTo(check.get("sum").asInt());
        assertThat("%08x".formatted(crc.getValue()))
                .isEqualTo(check.get("crc32").asText());
    }

    private static int[] ints(JsonNode array) {
        return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
    }
}

package cntk.support;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.dataset.ImageShape;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
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
        JsonNode recipe = GoldenCase.load("conv1_depth3_gap_4x4").document().get("x1").get(0);
        double[] values = GoldenImages.values(recipe, new ImageShape(3, 4, 4));
        for (int i = 0; i < 4; i++) {
            assertThat(values[i]).isEqualTo(expected.get(i).doubleValue());
        }
    }

    /** The fully connected kernel of one layer depends on dot products only: it tells how roll and flip move pixels. */
    @Test
    void rollAndFlipMoveImagesTheWayTheGoldenKernelsSay() {
        GoldenCase golden = GoldenCase.load("fc_relu_special_nobias");
        double[][] nngp = golden.matrixOf("nngp").orElseThrow();
        int sameNorm = 3;
        int[] images = {0, 9, 10};
        int[] pixels = {0, golden.shape().width() * 2 + 3}; // the ones of images 7 and 8
        for (int one = 0; one < pixels.length; one++) {
            double[] picked = new double[sameNorm];
            double[] kernel = new double[sameNorm];
            for (int i = 0; i < sameNorm; i++) {
                double[] image = new double[golden.shape().values()];
                golden.x1().read(images[i], image);
                picked[i] = image[pixels[one]];
                kernel[i] = nngp[7 + one][images[i]];
            }
            // the norms agree, so the kernel with a one-hot image grows with the pixel that it picks
            assertThat(order(kernel)).isEqualTo(order(picked));
        }
    }

    private static List<Integer> order(double[] values) {
        return IntStream.range(0, values.length)
                .boxed()
                .sorted(Comparator.comparingDouble(index -> values[index]))
                .toList();
    }

    private static void assertRecord(int[] bytes, JsonNode check, String firstField, int firstCount) {
        CRC32 crc = new CRC32();
        Arrays.stream(bytes).forEach(crc::update);
        assertThat(Arrays.copyOf(bytes, Math.min(bytes.length, firstCount))).isEqualTo(ints(check.get(firstField)));
        assertThat(Arrays.stream(bytes).sum()).isEqualTo(check.get("sum").asInt());
        assertThat("%08x".formatted(crc.getValue())).isEqualTo(check.get("crc32").asText());
    }

    private static int[] ints(JsonNode array) {
        return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
    }
}

package cntk.gram;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Reads two-dimensional Zarr v3 arrays as the specification says, with nothing from the engine: fields by their name in
 * zarr.json, one entry after the other, CRC-32C bit by bit. Slow, and strict about what the specification demands.
 */
final class PlainZarrReader {
    private static final List<String> REQUIRED = List.of(
            "zarr_format",
            "node_type",
            "shape",
            "data_type",
            "chunk_grid",
            "chunk_key_encoding",
            "fill_value",
            "codecs");

    private PlainZarrReader() {}

    /** The matrix, row by row; NaN where there is no chunk. */
    static double[][] read(Path array) throws IOException {
        JsonNode meta = new ObjectMapper().readTree(Files.readString(array.resolve("zarr.json")));
        checkMetadata(meta);
        int rows = meta.get("shape").get(0).intValue();
        int cols = meta.get("shape").get(1).intValue();
        JsonNode chunkShape = meta.get("chunk_grid").get("configuration").get("chunk_shape");
        int width = meta.get("data_type").textValue().equals("float32") ? 4 : 8;
        double[][] matrix = new double[rows][cols];
        for (int row = 0; row < rows; row++) {
            for (int col = 0; col < cols; col++) {
                int chunkRow = row / chunkShape.get(0).intValue();
                int chunkCol = col / chunkShape.get(1).intValue();
                int place =
                        row % chunkShape.get(0).intValue() * chunkShape.get(1).intValue()
                                + col % chunkShape.get(1).intValue();
                Path chunk = array.resolve("c/" + chunkRow + "/" + chunkCol);
                matrix[row][col] = Files.exists(chunk) ? entry(Files.readAllBytes(chunk), place, width) : Double.NaN;
            }
        }
        for (int row = 0; row < rows; row += chunkShape.get(0).intValue()) {
            for (int col = 0; col < cols; col += chunkShape.get(1).intValue()) {
                Path chunk = array.resolve("c/" + row / chunkShape.get(0).intValue() + "/"
                        + col / chunkShape.get(1).intValue());
                if (Files.exists(chunk)) {
                    int entries =
                            chunkShape.get(0).intValue() * chunkShape.get(1).intValue();
                    checkChunk(Files.readAllBytes(chunk), entries * width);
                }
            }
        }
        return matrix;
    }

    private static void checkMetadata(JsonNode meta) {
        List<String> names = new ArrayList<>();
        meta.fieldNames().forEachRemaining(names::add);
        assertThat(names).containsAll(REQUIRED);
        names.removeAll(REQUIRED);
        // Anything else would be an extension, which readers must refuse if they do not know it.
        assertThat(names).isSubsetOf("attributes", "dimension_names", "storage_transformers");
        assertThat(meta.get("zarr_format").intValue()).isEqualTo(3);
        assertThat(meta.get("node_type").textValue()).isEqualTo("array");
        assertThat(meta.get("data_type").textValue()).isIn("float32", "float64");
        assertThat(meta.get("chunk_grid").get("name").textValue()).isEqualTo("regular");
        assertThat(meta.get("chunk_key_encoding").toString())
                .isEqualTo("{\"name\":\"default\",\"configuration\":{\"separator\":\"/\"}}");
        assertThat(meta.get("fill_value").textValue()).isEqualTo("NaN");
        assertThat(meta.get("codecs").toString())
                .isEqualTo("[{\"name\":\"bytes\",\"configuration\":{\"endian\":\"little\"}},{\"name\":\"crc32c\"}]");
        assertThat(meta.get("attributes").isObject()).isTrue();
    }

    private static double entry(byte[] chunk, int place, int width) {
        long bits = 0;
        for (int index = width - 1; index >= 0; index--) {
            bits = (bits << 8) | (chunk[place * width + index] & 0xff);
        }
        return width == 4 ? Float.intBitsToFloat((int) bits) : Double.longBitsToDouble(bits);
    }

    private static void checkChunk(byte[] chunk, int payload) {
        assertThat(chunk).hasSize(payload + 4);
        int crc = crc32c(Arrays.copyOf(chunk, payload));
        for (int index = 0; index < 4; index++) {
            assertThat(chunk[payload + index]).isEqualTo((byte) (crc >>> (8 * index)));
        }
    }

    /** RFC 3720: reflected polynomial 0x82f63b78. */
    static int crc32c(byte[] bytes) {
        int crc = -1;
        for (byte value : bytes) {
            crc ^= value & 0xff;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 1) == 0 ? crc >>> 1 : (crc >>> 1) ^ 0x82f63b78;
            }
        }
        return ~crc;
    }
}

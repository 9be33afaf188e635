package cntk.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NpyLabelsTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8"})
    void everyIntegerTypeIsRead(String descr) throws IOException {
        Labels labels = NpyLabels.read(file(descr, 3, 0, 2, 1, 100), OptionalInt.empty());
        assertThat(labels.count()).isEqualTo(5);
        assertThat(labels.classes()).isEqualTo(101);
        assertThat(labels.of(0)).isEqualTo(3);
        assertThat(labels.of(4)).isEqualTo(100);
    }

    @Test
    void theFirstLabelOutsideTheClassesIsNamed() throws IOException {
        Path file = file("<i8", 0, 2, 5, 7);
        assertThatThrownBy(() -> NpyLabels.read(file, OptionalInt.of(5)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(file + " has label 5 at index 2, expected 0..4");
        Path negative = file("<i4", 0, -1);
        assertThatThrownBy(() -> NpyLabels.read(negative, OptionalInt.empty()))
                .hasMessageContaining("label -1 at index 1");
    }

    @Test
    void otherTypesAndShapesAreRefused() throws IOException {
        Path floats = file("<f8", 1, 2);
        assertThatThrownBy(() -> NpyLabels.read(floats, OptionalInt.empty()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("expected integers", "hint:");
        Path square = folder.resolve("square.npy");
        Files.write(square, bytes("<i8", List.of(1L, 2L), 1, 2));
        assertThatThrownBy(() -> NpyLabels.read(square, OptionalInt.empty())).hasMessageContaining("shape (1, 2)");
        Path cut = folder.resolve("cut.npy");
        Files.write(cut, bytes("<i8", List.of(3L), 1, 2));
        assertThatThrownBy(() -> NpyLabels.read(cut, OptionalInt.empty())).hasMessageContaining("16 bytes of data");
    }

    @Test
    void whatIsWrittenIsReadBack() {
        Path file = folder.resolve("y.npy");
        NpyLabels.write(file, new Labels(new int[] {2, 0, 1}, List.of("a", "b", "c")));
        Labels labels = NpyLabels.read(file, OptionalInt.empty());
        assertThat(List.of(labels.of(0), labels.of(1), labels.of(2))).containsExactly(2, 0, 1);
    }

    private Path file(String descr, long... values) throws IOException {
        Path file = folder.resolve("labels.npy");
        return Files.write(file, bytes(descr, List.of((long) values.length), values));
    }

    private static byte[] bytes(String descr, List<Long> shape, long... values) {
        int width = descr.charAt(2) - '0';
        ByteBuffer numbers = ByteBuffer.allocate(values.length * width).order(ByteOrder.LITTLE_ENDIAN);
        for (long value : values) {
            for (int place = 0; place < width; place++) {
                numbers.put((byte) (value >> (8 * place)));
            }
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(NpyHeader.bytes(descr, shape));
        out.writeBytes(numbers.array());
        return out.toByteArray();
    }
}

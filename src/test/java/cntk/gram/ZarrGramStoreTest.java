package cntk.gram;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.dataset.InputException;
import cntk.plan.Precision;
import cntk.plan.Tile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ZarrGramStoreTest extends GramStoreContract {
    private static final DamageListener NO_DAMAGE = (tile, file, reason) -> {
        throw new AssertionError(file + ": " + reason);
    };

    @TempDir
    Path temporary;

    @Override
    GramStore create(GramSpec spec) {
        return open(spec);
    }

    private ZarrGramStore open(GramSpec spec) {
        return ZarrGramStore.open(temporary.resolve("run/train.zarr"), spec, NO_DAMAGE);
    }

    private Path array() {
        return temporary.resolve("run/train.zarr");
    }

    private static void commitAll(GramStore store) {
        for (Tile tile : store.plan().tiles()) {
            store.commit(tile, valuesOf(store.spec(), tile));
        }
    }

    @Test
    void theReferenceReaderHasTheKnownChecksum() {
        assertThat(PlainZarrReader.crc32c("123456789".getBytes(US_ASCII))).isEqualTo(0xe3069283);
    }

    @ParameterizedTest
    @CsvSource({"20, 20, 8, true, F32", "20, 20, 8, true, F64", "9, 21, 8, false, F32", "16, 8, 8, false, F64"})
    void anIndependentReaderUnderstandsTheArray(int rows, int cols, int side, boolean symmetric, Precision precision)
            throws IOException {
        GramSpec spec = spec(rows, cols, side, symmetric, precision);
        try (ZarrGramStore store = open(spec)) {
            commitAll(store);
        }
        double[][] matrix = PlainZarrReader.read(array());
        assertThat(matrix).hasDimensions(rows, cols);
        for (int row = 0; row < rows; row++) {
            for (int col = 0; col < cols; col++) {
                boolean stored = !symmetric || col / side >= row / side;
                Double expected = stored ? valueAt(spec, row, col) : Double.NaN; // boxed: NaN equals NaN
                assertThat(matrix[row][col]).isEqualTo(expected);
            }
        }
    }

    @Test
    void theMetadataSaysWhatTheMatrixIs() throws IOException {
        open(spec(20, 20, 8, true, Precision.F32)).close();
        assertThat(Files.readString(array().resolve("zarr.json")))
                .contains("\"kind\" : \"ntk\"", "\"triangle\" : \"upper\"", "\"network\" : \"0123abcd\"");
    }

    @Test
    void aReopenedStoreKnowsItsTiles() {
        GramSpec spec = spec(20, 20, 8, true, Precision.F32);
        Tile tile = spec.plan().tile(0, 1);
        try (ZarrGramStore store = open(spec)) {
            store.commit(tile, valuesOf(spec, tile));
        }
        try (ZarrGramStore store = open(spec)) {
            assertThat(store.missing()).hasSize(5).doesNotContain(tile);
            double[] out = new double[64];
            store.read(tile, out);
            assertThat(out).isEqualTo(valuesOf(spec, tile));
        }
    }

    @Test
    void nothingButTheArrayIsLeftOnDisk() throws IOException {
        try (ZarrGramStore store = open(spec(20, 20, 8, true, Precision.F32))) {
            commitAll(store);
        }
        try (Stream<Path> files = Files.walk(array())) {
            assertThat(files.filter(Files::isRegularFile)
                            .map(array()::relativize)
                            .map(Path::toString))
                    .containsExactlyInAnyOrder("zarr.json", "c/0/0", "c/0/1", "c/0/2", "c/1/1", "c/1/2", "c/2/2");
        }
    }

    @Test
    void leftoversOfKilledWritersAreDeletedAndOtherFilesAreNot() throws IOException {
        GramSpec spec = spec(20, 20, 8, true, Precision.F32);
        open(spec).close();
        Path row = Files.createDirectories(array().resolve("c/0"));
        Path chunkLeftover = Files.write(row.resolve(".1.01234567-89ab-cdef-0123-456789abcdef-7.tmp"), new byte[100]);
        Path metadataLeftover =
                Files.write(array().resolve(".zarr.json.01234567-89ab-cdef-0123-456789abcdef-0.tmp"), new byte[10]);
        Path foreign = Files.write(row.resolve("notes.tmp"), new byte[1]);
        try (ZarrGramStore store = open(spec)) {
            assertThat(store.missing()).hasSize(6);
        }
        assertThat(chunkLeftover).doesNotExist();
        assertThat(metadataLeftover).doesNotExist();
        assertThat(foreign).exists();
    }

    @Test
    void aCreationThatWasKilledIsRepeated() throws IOException {
        Files.createDirectories(array());
        Files.write(array().resolve(".zarr.json.01234567-89ab-cdef-0123-456789abcdef-0.tmp"), new byte[10]);
        try (ZarrGramStore store = open(spec(20, 20, 8, true, Precision.F32))) {
            assertThat(store.missing()).hasSize(6);
        }
    }

    @Test
    void anotherMatrixInTheDirectoryIsRefusedFieldByField() {
        open(spec(20, 20, 8, true, Precision.F32)).close();
        assertThatThrownBy(() -> open(spec(24, 24, 16, true, Precision.F64)))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(
                        "zarr.json",
                        "shape: found [20,20], expected [24,24]",
                        "data_type: found \"float32\", expected \"float64\"",
                        "chunk_grid.configuration.chunk_shape: found [8,8], expected [16,16]",
                        "hint: choose another --out");
        assertThatThrownBy(() -> open(spec(20, 20, 8, false, Precision.F32)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("attributes.triangle: found \"upper\", expected \"full\"");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"zarr_format\": 3 | is not JSON",
                "'' | describes another matrix",
                "[] | describes another matrix"
            })
    void brokenMetadataIsRefused(String text, String message) throws IOException {
        Files.createDirectories(array());
        Files.writeString(array().resolve("zarr.json"), text);
        assertThatThrownBy(() -> open(spec(20, 20, 8, true, Precision.F32)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(message);
        assertThat(array().resolve("zarr.json")).hasContent(text);
    }

    @Test
    void aForeignDirectoryIsRefusedAndLeftAsItIs() throws IOException {
        Files.createDirectories(array());
        Files.writeString(array().resolve("thesis.tex"), "years of work");
        assertThatThrownBy(() -> open(spec(20, 20, 8, true, Precision.F32)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("holds thesis.tex but no zarr.json");
        assertThat(array()).isDirectoryNotContaining(file -> !file.endsWith("thesis.tex"));
    }

    @Test
    void aFileInPlaceOfTheDirectoryIsRefused() throws IOException {
        Files.createDirectories(array().getParent());
        Files.writeString(array(), "a file");
        assertThatThrownBy(() -> open(spec(20, 20, 8, true, Precision.F32)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("is a file, expected a directory");
    }

    @Test
    void aFileAboveTheDirectoryIsNamed() throws IOException {
        Files.writeString(temporary.resolve("run"), "a file");
        assertThatThrownBy(() -> open(spec(20, 20, 8, true, Precision.F32)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("cannot create the directory")
                .hasMessageContaining(temporary.resolve("run") + " is a file");
    }

    @Test
    void aReadOnlyStoreReadsAndChangesNothing() throws IOException {
        GramSpec spec = spec(20, 20, 8, true, Precision.F32);
        Tile tile = spec.plan().tile(0, 0);
        try (ZarrGramStore store = open(spec)) {
            store.commit(tile, valuesOf(spec, tile));
        }
        Path beingWritten =
                Files.write(array().resolve("c/0/.1.01234567-89ab-cdef-0123-456789abcdef-7.tmp"), new byte[100]);
        try (ZarrGramStore store = ZarrGramStore.openReadOnly(array(), spec, NO_DAMAGE)) {
            assertThat(store.missing()).hasSize(5);
            store.read(tile, new double[64]);
            Tile other = spec.plan().tile(0, 1);
            assertThatThrownBy(() -> store.commit(other, valuesOf(spec, other)))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("opened for reading");
        }
        assertThat(beingWritten).exists();
        assertThatThrownBy(() -> ZarrGramStore.openReadOnly(temporary.resolve("absent"), spec, NO_DAMAGE))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("is not a kernel matrix");
        assertThat(temporary.resolve("absent")).doesNotExist();
    }
}

package cntk.gram;

import static cntk.gram.GramStoreContract.spec;
import static cntk.gram.GramStoreContract.valuesOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.plan.Precision;
import cntk.plan.Tile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged chunks and failing disks. */
class ZarrGramStoreFaultTest {
    private static final GramSpec SPEC = spec(12, 12, 8, true, Precision.F32);
    private static final Tile TILE = SPEC.plan().tile(0, 1);
    private static final int CHUNK_BYTES = 8 * 8 * 4 + 4;

    @TempDir
    Path directory;

    private final List<String> damages = new ArrayList<>();
    private ZarrGramStore store;
    private Path chunk;

    @BeforeEach
    void fill() {
        store = open(new DurableFiles());
        for (Tile tile : SPEC.plan().tiles()) {
            store.commit(tile, valuesOf(SPEC, tile));
        }
        chunk = directory.resolve("c/0/1");
    }

    private ZarrGramStore open(DurableFiles files) {
        return ZarrGramStore.open(
                directory, SPEC, (tile, file, reason) -> damages.add(tile + " " + file + " " + reason), files);
    }

    /** Missing, unreadable, reported, and whole again after the next commit. */
    private void assertDamageIsFoundAndMended(String reason) {
        damages.clear();
        assertThat(store.missing()).containsExactly(TILE);
        assertThat(damages).singleElement().asString().contains(TILE.toString(), chunk.toString(), reason);
        assertThatThrownBy(() -> store.read(TILE, new double[64]))
                .isInstanceOf(StoreException.class)
                .hasMessageContainingAll(chunk.toString(), "damaged", reason, "hint:");
        store.commit(TILE, valuesOf(SPEC, TILE));
        assertThat(store.missing()).isEmpty();
        double[] out = new double[TILE.entries()];
        store.read(TILE, out);
        assertThat(out).isEqualTo(valuesOf(SPEC, TILE));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 4, 100, CHUNK_BYTES - 4, CHUNK_BYTES - 1})
    void aTruncatedChunkIsComputedAgain(int length) throws IOException {
        Files.write(chunk, Arrays.copyOf(Files.readAllBytes(chunk), length));
        assertDamageIsFoundAndMended(length + " bytes instead of " + CHUNK_BYTES);
    }

    @Test
    void aChunkThatIsTooLongIsComputedAgain() throws IOException {
        Files.write(chunk, Arrays.copyOf(Files.readAllBytes(chunk), CHUNK_BYTES + 1));
        assertDamageIsFoundAndMended(CHUNK_BYTES + 1 + " bytes");
    }

    @Test
    void aChunkOfZerosIsComputedAgain() throws IOException {
        Files.write(chunk, new byte[CHUNK_BYTES]);
        assertDamageIsFoundAndMended("checksum");
    }

    @Test
    void aFlippedBitInAnyByteIsFound() throws IOException {
        byte[] whole = Files.readAllBytes(chunk);
        for (int place = 0; place < whole.length; place++) {
            byte[] damaged = whole.clone();
            damaged[place] ^= (byte) (1 << (place % 8));
            Files.write(chunk, damaged);
            damages.clear();
            assertThat(store.missing()).as("bit flipped in byte %d", place).containsExactly(TILE);
            assertThat(damages).hasSize(1);
            assertThatThrownBy(() -> store.read(TILE, new double[64])).isInstanceOf(StoreException.class);
        }
        assertDamageIsFoundAndMended("checksum");
    }

    @Test
    void aDirectoryInPlaceOfAChunkIsAClearError() throws IOException {
        Files.delete(chunk);
        Files.createDirectory(chunk);
        assertThatThrownBy(() -> store.commit(TILE, valuesOf(SPEC, TILE)))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining(chunk.toString());
    }

    @ParameterizedTest
    @EnumSource
    void aFullDiskLeavesTheTileMissingAndNothingHalfWritten(FullDisk.Fails fails) throws IOException {
        Files.delete(chunk);
        store = open(new DurableFiles(file -> FullDisk.create(file, fails)));
        assertThatThrownBy(() -> store.commit(TILE, valuesOf(SPEC, TILE)))
                .isInstanceOf(StoreException.class)
                .hasMessageContainingAll(chunk.toString(), "No space left on device", "hint: free some space");
        assertThat(store.missing()).containsExactly(TILE);
        assertThat(damages).isEmpty();
        try (var files = Files.list(chunk.getParent())) {
            assertThat(files).containsExactly(directory.resolve("c/0/0"));
        }
        store = open(new DurableFiles());
        store.commit(TILE, valuesOf(SPEC, TILE));
        assertThat(store.missing()).isEmpty();
    }

    @Test
    void aFullDiskAtTheCreationLeavesADirectoryThatCanBeUsedLater() {
        directory = directory.resolve("second");
        DurableFiles full = new DurableFiles(file -> FullDisk.create(file, FullDisk.Fails.ON_WRITE));
        assertThatThrownBy(() -> open(full)).isInstanceOf(StoreException.class);
        assertThat(directory).isEmptyDirectory();
        assertThat(open(new DurableFiles()).missing()).hasSize(3);
    }

    /** Writes half of the bytes, then fails as Linux does. */
    record FullDisk(Path file, Fails fails) implements DurableFiles.Output {
        enum Fails {
            ON_CREATE,
            ON_WRITE,
            ON_FORCE,
            ON_CLOSE
        }

        static FullDisk create(Path file, Fails fails) throws IOException {
            FullDisk disk = new FullDisk(file, fails);
            disk.failIf(Fails.ON_CREATE);
            return disk;
        }

        @Override
        public void write(byte[] bytes) throws IOException {
            Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
            failIf(Fails.ON_WRITE);
            Files.write(file, bytes);
        }

        @Override
        public void force() throws IOException {
            failIf(Fails.ON_FORCE);
        }

        @Override
        public void close() throws IOException {
            failIf(Fails.ON_CLOSE);
        }

        private void failIf(Fails moment) throws IOException {
            if (fails == moment) {
                throw new IOException("No space left on device");
            }
        }
    }
}

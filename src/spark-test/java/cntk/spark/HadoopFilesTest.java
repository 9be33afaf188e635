package cntk.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.dataset.InputException;
import cntk.gram.GramSpec;
import cntk.gram.GramStore;
import cntk.gram.ZarrGramStore;
import cntk.plan.KernelKind;
import cntk.plan.Precision;
import cntk.plan.Tile;
import cntk.plan.TilePlan;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store through Hadoop's file systems, here that of the disk. */
class HadoopFilesTest {
    private static final GramSpec SPEC =
            new GramSpec(new TilePlan(20, 20, 8, true), Precision.F64, KernelKind.NTK, "0123abcd");

    @TempDir
    Path temporary;

    private final List<String> damages = new ArrayList<>();

    private HadoopFiles files() {
        return new HadoopFiles(temporary.resolve("train").toUri().toString(), new Configuration());
    }

    private GramStore open() {
        return ZarrGramStore.open(files(), SPEC, (_, file, reason) -> damages.add(file + ": " + reason));
    }

    private static double[] values(Tile tile) {
        double[] values = new double[tile.entries()];
        Arrays.setAll(values, entry -> Math.sin(1 + entry + 100.0 * tile.rowBlock() + 10.0 * tile.colBlock()));
        return values;
    }

    @Test
    void storeHoldsTheBytesOfOneOnTheDisk() throws IOException {
        try (GramStore hadoop = open();
                GramStore disk = ZarrGramStore.open(temporary.resolve("disk"), SPEC, (_, _, _) -> {})) {
            for (Tile tile : SPEC.plan().tiles()) {
                hadoop.commit(tile, values(tile));
                disk.commit(tile, values(tile));
            }
            assertThat(hadoop.missing()).isEmpty();
        }
        for (String name : List.of("zarr.json", "c/0/0", "c/0/2", "c/2/2")) {
            assertThat(temporary.resolve("train").resolve(name))
                    .hasSameBinaryContentAs(temporary.resolve("disk").resolve(name));
        }
    }

    @Test
    void reopenedStoreHasWhatWasCommitted() {
        Tile tile = SPEC.plan().tile(0, 1);
        try (GramStore store = open()) {
            assertThat(store.missing()).hasSize(6);
            store.commit(tile, values(tile));
        }
        try (GramStore store = open()) {
            assertThat(store.missing()).hasSize(5).doesNotContain(tile);
            double[] out = new double[tile.entries()];
            store.read(tile, out);
            assertThat(out).isEqualTo(values(tile));
        }
    }

    @Test
    void firstOfTwoWritersWins() throws IOException {
        HadoopFiles files = files();
        files.create("zarr.json");
        files.write("c/0/0", bytes("first"), false);
        files.write("c/0/0", bytes("second"), false);
        assertThat(files.read("c/0/0")).isEqualTo(bytes("first"));
        assertThat(unfinished()).isEmpty();
    }

    @Test
    void damagedTileIsFoundAndReplaced() throws IOException {
        Tile tile = SPEC.plan().tile(1, 2);
        try (GramStore store = open()) {
            store.commit(tile, values(tile));
            Path chunk = temporary.resolve("train/c/1/2");
            byte[] bytes = Files.readAllBytes(chunk);
            bytes[17] ^= 1;
            Files.delete(temporary.resolve("train/c/1/.2.crc")); // Hadoop's own checksum on a disk
            Files.write(chunk, bytes);
            assertThat(store.missing()).contains(tile);
            assertThat(damages).singleElement().asString().contains("c/1/2", "checksum");
            store.commit(tile, values(tile));
            assertThat(store.missing()).doesNotContain(tile);
        }
    }

    @Test
    void unfinishedFilesOfKilledWritersGoAtTheNextOpening() throws IOException {
        open().close();
        Path left = temporary.resolve("train/c/0/.1.0123.tmp");
        Files.createDirectories(left.getParent());
        Files.writeString(left, "half a ti");
        open().close();
        assertThat(left).doesNotExist();
    }

    @Test
    void absentFileIsTold() throws IOException {
        HadoopFiles files = files();
        files.create("zarr.json");
        assertThat(files.exists("c/0/0")).isFalse();
        assertThatThrownBy(() -> files.read("c/0/0")).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> files.read("c/0/0", new byte[3])).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void foreignFolderIsRefused() throws IOException {
        Files.createDirectories(temporary.resolve("train"));
        Files.writeString(temporary.resolve("train/letter.txt"), "dear");
        assertThatThrownBy(this::open)
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("letter.txt", "zarr.json");
    }

    @Test
    void unknownSchemeIsRefusedWithItsName() {
        assertThatThrownBy(() -> new HadoopFiles("nosuch://host/a", new Configuration()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("nosuch");
    }

    private List<Path> unfinished() throws IOException {
        try (Stream<Path> all = Files.walk(temporary)) {
            return all.filter(file -> file.toString().endsWith(".tmp")).toList();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}

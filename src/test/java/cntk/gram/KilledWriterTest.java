package cntk.gram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.dataset.InputException;
import cntk.plan.Precision;
import cntk.plan.Tile;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Processes that write a store and are killed (SIGKILL) at random moments. */
@Timeout(60)
class KilledWriterTest {
    private static final int KILLS = 6;
    private static final long SEED = 20_260_101L;
    private static final GramSpec SPEC = GramStoreContract.spec(3200, 3200, 64, true, Precision.F32);

    @TempDir
    Path temporary;

    /** The child: locks the run and commits what is missing, from two threads. */
    static final class Writer {
        private Writer() {}

        public static void main(String[] arguments) throws InterruptedException {
            Path run = Path.of(arguments[0]);
            try (RunDirectory _ = RunDirectory.open(run, GramManifestTest.manifest());
                    ZarrGramStore store = ZarrGramStore.open(
                            run.resolve("train.zarr"),
                            SPEC,
                            DamageListener.logging(),
                            new DurableFiles(SlowOutput::new))) {
                List<Tile> missing = store.missing();
                Thread second = Thread.ofPlatform().start(() -> commit(store, missing, 1));
                commit(store, missing, 0);
                second.join();
            }
        }

        private static void commit(ZarrGramStore store, List<Tile> tiles, int parity) {
            for (int index = parity; index < tiles.size(); index += 2) {
                store.commit(tiles.get(index), GramStoreContract.valuesOf(SPEC, tiles.get(index)));
            }
        }
    }

    /** Writes in small pieces with pauses, so that a kill meets a file that is half there. */
    private static final class SlowOutput implements DurableFiles.Output {
        private static final int PIECES = 16;
        private final FileOutputStream stream;

        SlowOutput(Path file) throws IOException {
            this.stream = new FileOutputStream(file.toFile());
        }

        @Override
        public void write(byte[] bytes) throws IOException {
            for (int piece = 0; piece < PIECES; piece++) {
                int begin = bytes.length * piece / PIECES;
                stream.write(bytes, begin, bytes.length * (piece + 1) / PIECES - begin);
                LockSupport.parkNanos(100_000);
            }
        }

        @Override
        public void force() throws IOException {
            stream.getFD().sync();
        }

        @Override
        public void close() throws IOException {
            stream.close();
        }
    }

    private static Process start(Path run) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Writer.class.getName(),
                        run.toString())
                .inheritIO()
                .start();
    }

    @Test
    void everyTileThatIsVisibleAfterAKillIsWhole() throws Exception {
        Path run = temporary.resolve("run");
        Path chunks = run.resolve("train.zarr/c");
        Random random = new Random(SEED);
        int before = 0;
        int halfWritten = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            Process writer = start(run);
            awaitNewFile(chunks, before, writer);
            Thread.sleep(random.nextInt(30));
            writer.destroyForcibly();
            assertThat(writer.waitFor(10, TimeUnit.SECONDS)).isTrue();
            halfWritten += temporaries(chunks);
            int after = countWhole(run);
            assertThat(after).as("seed %d, kill %d", SEED, kill).isGreaterThanOrEqualTo(before);
            before = after;
        }
        assertThat(before).isPositive();
        assertThat(halfWritten)
                .as("files that a kill left half-written; else this test shows nothing")
                .isPositive();
    }

    @Test
    void theLockIsGoneWithTheProcess() throws Exception {
        Path run = temporary.resolve("run");
        Process writer = start(run);
        awaitNewFile(run.resolve("train.zarr/c"), 0, writer);
        assertThatThrownBy(() -> RunDirectory.open(run, GramManifestTest.manifest()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("is in use by process " + writer.pid());
        writer.destroyForcibly();
        assertThat(writer.waitFor(10, TimeUnit.SECONDS)).isTrue();
        RunDirectory.open(run, GramManifestTest.manifest()).close();
    }

    private static void awaitNewFile(Path chunks, int before, Process writer) throws Exception {
        while (writer.isAlive() && files(chunks) <= before) {
            Thread.sleep(2);
        }
        assertThat(writer.isAlive()).isTrue();
    }

    private static int temporaries(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            return (int) files.filter(DurableFiles::isTemporary).count();
        }
    }

    private static long files(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return 0;
        }
        try (var files = Files.walk(directory)) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> !DurableFiles.isTemporary(file))
                    .count();
        } catch (UncheckedIOException e) {
            return 0; // a temporary file went while the walk went on
        }
    }

    /** Reads every tile that the store shows; damage fails the test. */
    private static int countWhole(Path run) {
        DamageListener none = (tile, file, reason) -> {
            throw new AssertionError(SEED + ": " + file + " is visible but damaged: " + reason);
        };
        try (RunDirectory _ = RunDirectory.open(run, GramManifestTest.manifest());
                ZarrGramStore store = ZarrGramStore.open(run.resolve("train.zarr"), SPEC, none)) {
            List<Tile> tiles = new ArrayList<>(SPEC.plan().tiles());
            tiles.removeAll(new HashSet<>(store.missing()));
            for (Tile tile : tiles) {
                double[] out = new double[tile.entries()];
                store.read(tile, out);
                assertThat(out).isEqualTo(GramStoreContract.valuesOf(SPEC, tile));
            }
            return tiles.size();
        }
    }
}

package cntk.gram;

import cntk.dataset.InputException;
import cntk.plan.Tile;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A kernel matrix as a Zarr v3 array in a directory, one chunk file a tile, which any Zarr v3 reader understands.
 *
 * <pre>
 *   zarr.json           shape, type, tile side, and as attributes kind, network and {@code triangle}
 *   c/ROW/COLUMN        tile [ROW, COLUMN], see {@link ChunkCodec}
 *   c/ROW/.*.tmp        a tile being written; whatever a killed process left is deleted at the next opening
 * </pre>
 *
 * <p>Of a symmetric matrix only the blocks on and above the diagonal exist; a reader sees NaN, the fill value, below it.
 */
public final class ZarrGramStore implements GramStore {
    private static final String METADATA = "zarr.json";
    /** Enough that two threads rarely wait for each other although their tiles differ. */
    private static final int COMMIT_LOCKS = 64;

    private final Path directory;
    private final GramSpec spec;
    private final DurableFiles files;
    private final DamageListener listener;
    private final ChunkCodec codec;
    private final Queue<byte[]> spareChunks = new ConcurrentLinkedQueue<>();
    private final List<Object> commitLocks =
            IntStream.range(0, COMMIT_LOCKS).mapToObj(_ -> new Object()).toList();

    private ZarrGramStore(Path directory, GramSpec spec, DurableFiles files, DamageListener listener) {
        this.directory = directory;
        this.spec = spec;
        this.files = files;
        this.listener = listener;
        this.codec = new ChunkCodec(spec.plan().side(), spec.precision());
    }

    /**
     * Opens the store, or creates it where {@code directory} is absent or empty. The caller holds the {@link RunLock} of the
     * run, for this deletes unfinished files.
     *
     * @throws InputException if something else is there: a file, foreign files, an array that is not {@code spec}
     * @throws StoreException if the disk fails
     */
    public static ZarrGramStore open(Path directory, GramSpec spec, DamageListener listener) {
        return open(directory, spec, listener, new DurableFiles());
    }

    /** As {@link #open} for a process that shares the run with others: leaves their unfinished files alone. */
    public static ZarrGramStore share(Path directory, GramSpec spec, DamageListener listener) {
        return open(directory, spec, listener, new DurableFiles(), false);
    }

    static ZarrGramStore open(Path directory, GramSpec spec, DamageListener listener, DurableFiles files) {
        return open(directory, spec, listener, files, true);
    }

    private static ZarrGramStore open(
            Path directory, GramSpec spec, DamageListener listener, DurableFiles files, boolean alone) {
        ZarrGramStore store = new ZarrGramStore(directory, spec, files, listener);
        try {
            store.createOrCheck(alone);
            return store;
        } catch (IOException e) {
            throw StoreException.cannotWrite(directory, e);
        }
    }

    /**
     * Opens a store that exists, finished or not, and changes nothing: another process may be writing to it.
     *
     * @throws InputException if there is no store, or an array that is not {@code spec}
     * @throws StoreException if the disk fails
     */
    public static ZarrGramStore openReadOnly(Path directory, GramSpec spec, DamageListener listener) {
        Path file = directory.resolve(METADATA);
        try {
            requireSame(new ZarrMetadata(spec), file);
        } catch (NoSuchFileException | NotDirectoryException e) {
            throw new InputException(directory + " is not a kernel matrix: it holds no " + METADATA, e);
        } catch (IOException e) {
            throw StoreException.cannotRead(file, e);
        }
        DurableFiles none = new DurableFiles(path -> {
            throw new FileSystemException(path.toString(), null, "the store was opened for reading");
        });
        return new ZarrGramStore(directory, spec, none, listener);
    }

    @Override
    public GramSpec spec() {
        return spec;
    }

    @Override
    public void commit(Tile tile, double[] values) {
        CommitCheck.requirePlanned(spec, tile);
        CommitCheck.requireStorable(spec, tile, values);
        Path file = chunkFile(tile);
        byte[] chunk = borrowChunk();
        synchronized (commitLocks.get(Math.floorMod(tile.hashCode(), COMMIT_LOCKS))) {
            if (Files.exists(file) && load(tile, chunk)) {
                return;
            }
            codec.encode(tile, values, chunk);
            try {
                DurableFiles.createDirectories(directory.resolve("c").resolve(Integer.toString(tile.rowBlock())));
                files.write(file, chunk);
            } catch (IOException e) {
                throw StoreException.cannotWrite(file, e);
            }
        }
        spareChunks.add(chunk);
    }

    @Override
    public void read(Tile tile, double[] out) {
        CommitCheck.requirePlanned(spec, tile);
        byte[] chunk = borrowChunk();
        Path file = chunkFile(tile);
        try {
            String damage = codec.damage(chunk, readFile(file, chunk));
            if (damage != null) {
                throw new IOException("damaged: " + damage);
            }
        } catch (IOException e) {
            throw StoreException.cannotRead(file, e);
        }
        codec.decode(chunk, tile, out);
        spareChunks.add(chunk);
    }

    @Override
    public List<Tile> missing(List<Tile> tiles) {
        byte[] chunk = borrowChunk();
        List<Tile> missing = tiles.stream().filter(tile -> !load(tile, chunk)).toList();
        spareChunks.add(chunk);
        return missing;
    }

    @Override
    public void close() {
        spareChunks.clear();
    }

    /** Whether the tile is there, whole, and then in {@code chunk}; damage is reported. */
    private boolean load(Tile tile, byte[] chunk) {
        Path file = chunkFile(tile);
        @Nullable String damage;
        try {
            damage = codec.damage(chunk, readFile(file, chunk));
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            throw StoreException.cannotRead(file, e);
        }
        if (damage != null) {
            listener.damaged(tile, file, damage);
        }
        return damage == null;
    }

    /** Returns the size of the file; reads it if it is that of a chunk. Not broken off by interrupts, as a channel would be. */
    private static long readFile(Path file, byte[] chunk) throws IOException {
        long size = Files.size(file);
        if (size != chunk.length) {
            return size;
        }
        try (InputStream stream = Files.newInputStream(file)) {
            return stream.readNBytes(chunk, 0, chunk.length);
        }
    }

    private Path chunkFile(Tile tile) {
        return directory
                .resolve("c")
                .resolve(Integer.toString(tile.rowBlock()))
                .resolve(Integer.toString(tile.colBlock()));
    }

    /** A megabyte or two each: taken again instead of allocated for every tile. */
    private byte[] borrowChunk() {
        byte[] spare = spareChunks.poll();
        return spare != null ? spare : new byte[codec.chunkBytes()];
    }

    private void createOrCheck(boolean alone) throws IOException {
        OutputDirectories.create(directory);
        if (alone) {
            DurableFiles.deleteTemporaries(directory);
        }
        Path metadataFile = directory.resolve(METADATA);
        ZarrMetadata metadata = new ZarrMetadata(spec);
        if (!Files.exists(metadataFile)) {
            OutputDirectories.requireEmptyOrMarked(directory, METADATA);
        }
        if (!Files.exists(metadataFile)) {
            files.write(metadataFile, metadata.bytes());
            return;
        }
        requireSame(metadata, metadataFile);
        if (alone) {
            deleteUnfinishedChunks();
        }
    }

    private static void requireSame(ZarrMetadata metadata, Path file) throws IOException {
        List<String> differences;
        try {
            differences = metadata.differences(Files.readAllBytes(file));
        } catch (JsonProcessingException e) {
            throw new InputException(
                    file + " is not JSON: " + e.getOriginalMessage() + "\n" + OutputDirectories.ANOTHER_OUT, e);
        }
        if (!differences.isEmpty()) {
            throw new InputException(file + " describes another matrix: " + String.join("; ", differences) + "\n"
                    + OutputDirectories.ANOTHER_OUT);
        }
    }

    private void deleteUnfinishedChunks() throws IOException {
        Path chunks = directory.resolve("c");
        if (!Files.isDirectory(chunks)) {
            return;
        }
        try (Stream<Path> rows = Files.list(chunks)) {
            for (Path row : rows.filter(Files::isDirectory).toList()) {
                DurableFiles.deleteTemporaries(row);
            }
        }
    }
}

package cntk.gram;

import cntk.dataset.InputException;
import cntk.plan.Tile;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A kernel matrix as a Zarr v3 array in a directory or what serves as one ({@link StoreFiles}), one chunk file a tile, which any Zarr v3 reader understands.
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

    private final StoreFiles files;
    private final GramSpec spec;
    private final DamageListener listener;
    private final ChunkCodec codec;
    private final Queue<byte[]> spareChunks = new ConcurrentLinkedQueue<>();
    private final List<Object> commitLocks =
            IntStream.range(0, COMMIT_LOCKS).mapToObj(_ -> new Object()).toList();

    private ZarrGramStore(StoreFiles files, GramSpec spec, DamageListener listener) {
        this.files = files;
        this.spec = spec;
        this.listener = listener;
        this.codec = new ChunkCodec(spec.plan().side(), spec.precision());
    }

    /**
     * Opens the store, or creates it where the directory is absent or empty. The caller holds the {@link RunLock} of the
     * run, for this deletes unfinished files.
     *
     * @throws InputException if something else is there: a file, foreign files, an array that is not {@code spec}
     * @throws StoreException if the disk fails
     */
    public static ZarrGramStore open(StoreFiles files, GramSpec spec, DamageListener listener) {
        ZarrGramStore store = share(files, spec, listener);
        try {
            files.deleteUnfinished();
            return store;
        } catch (IOException e) {
            throw StoreException.cannotWrite(files.place(""), e);
        }
    }

    /** As {@link #open} for a process that shares the run with others: leaves their unfinished files alone. */
    public static ZarrGramStore share(StoreFiles files, GramSpec spec, DamageListener listener) {
        ZarrGramStore store = new ZarrGramStore(files, spec, listener);
        try {
            store.createOrCheck();
            return store;
        } catch (IOException e) {
            throw StoreException.cannotWrite(files.place(""), e);
        }
    }

    /** A store in a directory. */
    public static ZarrGramStore open(Path directory, GramSpec spec, DamageListener listener) {
        return open(new LocalFiles(directory), spec, listener);
    }

    static ZarrGramStore open(Path directory, GramSpec spec, DamageListener listener, DurableFiles files) {
        return open(new LocalFiles(directory, files), spec, listener);
    }

    /** As {@link #openReadOnly(StoreFiles, GramSpec, DamageListener)} in a directory. */
    public static ZarrGramStore openReadOnly(Path directory, GramSpec spec, DamageListener listener) {
        DurableFiles none = new DurableFiles(path -> {
            throw new FileSystemException(path.toString(), null, "the store was opened for reading");
        });
        return openReadOnly(new LocalFiles(directory, none), spec, listener);
    }

    /**
     * Opens a store that exists, finished or not, and changes nothing: another process may be writing to it.
     *
     * @throws InputException if there is no store, or an array that is not {@code spec}
     * @throws StoreException if the disk fails
     */
    public static ZarrGramStore openReadOnly(StoreFiles files, GramSpec spec, DamageListener listener) {
        ZarrGramStore store = new ZarrGramStore(files, spec, listener);
        try {
            store.requireSame(new ZarrMetadata(spec));
        } catch (NoSuchFileException | NotDirectoryException e) {
            throw new InputException(files.place("") + " is not a kernel matrix: it holds no " + METADATA, e);
        } catch (IOException e) {
            throw StoreException.cannotRead(files.place(METADATA), e);
        }
        return store;
    }

    @Override
    public GramSpec spec() {
        return spec;
    }

    @Override
    public void commit(Tile tile, double[] values) {
        CommitCheck.requirePlanned(spec, tile);
        CommitCheck.requireStorable(spec, tile, values);
        String file = chunkFile(tile);
        byte[] chunk = borrowChunk();
        synchronized (commitLocks.get(Math.floorMod(tile.hashCode(), COMMIT_LOCKS))) {
            try {
                boolean occupied = files.exists(file);
                if (occupied && load(tile, chunk)) {
                    return;
                }
                codec.encode(tile, values, chunk);
                files.write(file, chunk, occupied);
            } catch (IOException e) {
                throw StoreException.cannotWrite(files.place(file), e);
            }
        }
        spareChunks.add(chunk);
    }

    @Override
    public void read(Tile tile, double[] out) {
        CommitCheck.requirePlanned(spec, tile);
        byte[] chunk = borrowChunk();
        String file = chunkFile(tile);
        try {
            String damage = codec.damage(chunk, files.read(file, chunk));
            if (damage != null) {
                throw new IOException("damaged: " + damage);
            }
        } catch (IOException e) {
            throw StoreException.cannotRead(files.place(file), e);
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
        String file = chunkFile(tile);
        @Nullable String damage;
        try {
            damage = codec.damage(chunk, files.read(file, chunk));
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            throw StoreException.cannotRead(files.place(file), e);
        }
        if (damage != null) {
            listener.damaged(tile, files.place(file), damage);
        }
        return damage == null;
    }

    private static String chunkFile(Tile tile) {
        return "c/" + tile.rowBlock() + "/" + tile.colBlock();
    }

    /** A megabyte or two each: taken again instead of allocated for every tile. */
    private byte[] borrowChunk() {
        byte[] spare = spareChunks.poll();
        return spare != null ? spare : new byte[codec.chunkBytes()];
    }

    private void createOrCheck() throws IOException {
        files.create(METADATA);
        ZarrMetadata metadata = new ZarrMetadata(spec);
        if (files.exists(METADATA)) {
            requireSame(metadata);
        } else {
            files.write(METADATA, metadata.bytes(), false);
        }
    }

    private void requireSame(ZarrMetadata metadata) throws IOException {
        List<String> differences;
        String file = files.place(METADATA);
        try {
            differences = metadata.differences(files.read(METADATA));
        } catch (JsonProcessingException e) {
            throw new InputException(
                    file + " is not JSON: " + e.getOriginalMessage() + "\n" + OutputDirectories.ANOTHER_OUT, e);
        }
        if (!differences.isEmpty()) {
            throw new InputException(file + " describes another matrix: " + String.join("; ", differences) + "\n"
                    + OutputDirectories.ANOTHER_OUT);
        }
    }
}

package cntk.gram;

import cntk.dataset.InputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The directory of one run ({@code --out}): locked by this process or by the shards of one run, and made by a run with the same
 * manifest. Closing it releases the lock.
 */
public final class RunDirectory implements AutoCloseable {
    private final Path path;
    private final RunLock lock;

    private RunDirectory(Path path, RunLock lock) {
        this.path = path;
        this.lock = lock;
    }

    /**
     * Opens the directory to start or resume a run; creates it where it is absent. A directory that is refused is left as it
     * is.
     *
     * @throws InputException if it is foreign, in use, or made with other options
     * @throws StoreException if the disk fails
     */
    public static RunDirectory open(Path path, GramManifest manifest) {
        return open(path, manifest, true, RunLock::acquire);
    }

    /**
     * As {@link #open}, together with other processes that do the same; waits while one has it alone.
     *
     * @param waiting hears, once, of the process that it waits for
     */
    public static RunDirectory share(Path path, GramManifest manifest, Consumer<String> waiting) {
        return open(path, manifest, false, directory -> RunLock.share(directory, waiting));
    }

    private static RunDirectory open(Path path, GramManifest manifest, boolean alone, Function<Path, RunLock> acquire) {
        try {
            OutputDirectories.create(path);
            if (!GramManifest.isIn(path)) {
                OutputDirectories.requireEmptyOrMarked(path, GramManifest.FILE_NAME, RunLock.FILE_NAME);
            }
        } catch (IOException e) {
            throw StoreException.cannotWrite(path, e);
        }
        RunLock lock = acquire.apply(path);
        boolean opened = false;
        try {
            GramManifest.open(path, manifest, alone);
            opened = true;
            return new RunDirectory(path, lock);
        } finally {
            if (!opened) {
                lock.close();
            }
        }
    }

    /** Whether this process has it alone now, the others having closed it; after false it must not write there any more. */
    public boolean tryAlone() {
        return lock.tryAlone();
    }

    public Path path() {
        return path;
    }

    @Override
    public void close() {
        lock.close();
    }
}

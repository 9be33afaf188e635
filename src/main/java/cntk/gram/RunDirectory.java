package cntk.gram;

import cntk.dataset.InputException;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The directory of one run ({@code --out}): locked by this process, and made by a run with the same manifest. Closing it
 * releases the lock.
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
        try {
            OutputDirectories.create(path);
            if (!GramManifest.isIn(path)) {
                OutputDirectories.requireEmpty(path, GramManifest.FILE_NAME, RunLock.FILE_NAME);
            }
        } catch (IOException e) {
            throw StoreException.cannotWrite(path, e);
        }
        RunLock lock = RunLock.acquire(path);
        boolean opened = false;
        try {
            GramManifest.open(path, manifest);
            opened = true;
            return new RunDirectory(path, lock);
        } finally {
            if (!opened) {
                lock.close();
            }
        }
    }

    public Path path() {
        return path;
    }

    @Override
    public void close() {
        lock.close();
    }
}

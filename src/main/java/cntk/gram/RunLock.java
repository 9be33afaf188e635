package cntk.gram;

import cntk.dataset.InputException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Keeps a run directory to one process. The lock belongs to the process, not to the file: it is gone when the process is,
 * however it ended, while the file {@code .lock} (process id of the last holder) stays.
 */
public final class RunLock implements AutoCloseable {
    static final String FILE_NAME = ".lock";

    /** Held by this process: asking the system again, and closing the channel after that, would drop the lock. */
    private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

    private final Path directory;
    private final FileChannel channel;

    private RunLock(Path directory, FileChannel channel) {
        this.directory = directory;
        this.channel = channel;
    }

    /**
     * Locks the directory, or fails at once.
     *
     * @param directory exists
     * @throws InputException if another run holds it, in this process or in another one
     * @throws StoreException if the file system fails or knows no locks
     */
    public static RunLock acquire(Path directory) {
        Path file = directory.resolve(FILE_NAME);
        try {
            Path real = directory.toRealPath();
            if (!HELD_HERE.add(real)) {
                throw inUse(directory, "this process");
            }
            boolean acquired = false;
            try {
                RunLock lock = lock(real, file);
                acquired = true;
                return lock;
            } finally {
                if (!acquired) {
                    HELD_HERE.remove(real);
                }
            }
        } catch (IOException e) {
            throw StoreException.cannotWrite(file, e);
        }
    }

    private static RunLock lock(Path directory, Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean acquired = false;
        try {
            FileLock lock = channel.tryLock();
            if (lock == null) {
                String holder = Files.readString(file).strip();
                throw inUse(directory, "process " + (holder.isEmpty() ? "(unknown)" : holder));
            }
            channel.truncate(0);
            channel.write(
                    StandardCharsets.US_ASCII.encode(ProcessHandle.current().pid() + "\n"));
            acquired = true;
            return new RunLock(directory, channel);
        } finally {
            if (!acquired) {
                channel.close();
            }
        }
    }

    private static InputException inUse(Path directory, String holder) {
        return new InputException(directory + " is in use by " + holder
                + "\nhint: wait until that run has ended, or choose another --out");
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw StoreException.cannotWrite(directory.resolve(FILE_NAME), e);
        } finally {
            HELD_HERE.remove(directory);
        }
    }
}

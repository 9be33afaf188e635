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
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a run directory to one process, or to the shards of one run. The lock belongs to the process, not to the file: it is gone when the process is,
 * however it ended, while the file {@code .lock} (process id of the last holder) stays.
 */
public final class RunLock implements AutoCloseable {
    static final String FILE_NAME = ".lock";

    /** Held by this process: asking the system again, and closing the channel after that, would drop the lock. */
    private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

    private static final long POLL_MILLIS = 500;

    private final Path directory;
    private final FileChannel channel;
    private FileLock lock;

    private RunLock(Path directory, FileChannel channel, FileLock lock) {
        this.directory = directory;
        this.channel = channel;
        this.lock = lock;
    }

    /**
     * Locks the directory, or fails at once.
     *
     * @param directory exists
     * @throws InputException if another run holds it, in this process or in another one
     * @throws StoreException if the file system fails or knows no locks
     */
    public static RunLock acquire(Path directory) {
        return acquire(directory, RunLock::alone);
    }

    /**
     * Locks the directory together with other shards; waits while one process has it alone.
     *
     * @param directory exists
     * @param waiting hears, once, of the process that it waits for
     * @throws InputException if this process holds it already, or is interrupted while it waits
     * @throws StoreException if the file system fails or knows no locks
     */
    public static RunLock share(Path directory, Consumer<String> waiting) {
        return acquire(directory, (real, file) -> shared(real, file, waiting));
    }

    /** Asks the system for a lock of one kind. */
    @FunctionalInterface
    private interface Kind {
        RunLock lock(Path directory, Path file) throws IOException;
    }

    private static RunLock acquire(Path directory, Kind kind) {
        Path file = directory.resolve(FILE_NAME);
        try {
            Path real = directory.toRealPath();
            if (!HELD_HERE.add(real)) {
                throw inUse(directory, "this process");
            }
            boolean acquired = false;
            try {
                RunLock lock = kind.lock(real, file);
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

    private static RunLock alone(Path directory, Path file) throws IOException {
        FileChannel channel = open(file);
        boolean acquired = false;
        try {
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw inUse(directory, holder(file));
            }
            sign(channel);
            acquired = true;
            return new RunLock(directory, channel, lock);
        } finally {
            if (!acquired) {
                channel.close();
            }
        }
    }

    private static RunLock shared(Path directory, Path file, Consumer<String> waiting) throws IOException {
        FileChannel channel = open(file);
        boolean acquired = false;
        try {
            FileLock lock = channel.tryLock(0, Long.MAX_VALUE, true);
            if (lock == null) {
                waiting.accept(holder(file));
            }
            while (lock == null) {
                Thread.sleep(POLL_MILLIS);
                lock = channel.tryLock(0, Long.MAX_VALUE, true);
            }
            acquired = true;
            return new RunLock(directory, channel, lock);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw inUse(directory, holder(file));
        } finally {
            if (!acquired) {
                channel.close();
            }
        }
    }

    /**
     * Exchanges a shared lock for one alone, at once or not at all. After false this process holds nothing any more: of
     * several shards that end together the last one to ask gets it.
     */
    boolean tryAlone() {
        try {
            lock.release();
            @Nullable FileLock alone = channel.tryLock();
            if (alone == null) {
                return false;
            }
            lock = alone;
            sign(channel);
            return true;
        } catch (IOException e) {
            throw StoreException.cannotWrite(directory.resolve(FILE_NAME), e);
        }
    }

    private static FileChannel open(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    /** Leaves the process id for those who find it locked. */
    private static void sign(FileChannel channel) throws IOException {
        channel.truncate(0);
        channel.write(StandardCharsets.US_ASCII.encode(ProcessHandle.current().pid() + "\n"));
    }

    private static String holder(Path file) throws IOException {
        String holder = Files.readString(file).strip();
        return "process " + (holder.isEmpty() ? "(unknown)" : holder);
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

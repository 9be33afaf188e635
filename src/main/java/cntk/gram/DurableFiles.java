package cntk.gram;

import java.io.Closeable;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Writes whole files: temporary file beside the target, fsync, atomic rename, fsync of the directory. Whoever opens the
 * target sees all of it or none; after a return it survives a power cut.
 *
 * <p>Plain streams instead of channels, because an interrupt closes a channel in the middle of a write.
 */
public final class DurableFiles {
    /** The few calls that can fail for want of space; tests put a failing disk here. */
    interface Output extends Closeable {
        void write(byte[] bytes) throws IOException;

        /** Returns when the bytes are on the medium. */
        void force() throws IOException;
    }

    /** Creates a new file. */
    @FunctionalInterface
    interface Disk {
        Output create(Path file) throws IOException;
    }

    private static final Pattern TEMPORARY = Pattern.compile("\\..+\\.[0-9a-f-]{36}-[0-9]+\\.tmp");
    /** Tells processes apart, also on different machines that share a file system; a process number would not. */
    private static final String PROCESS = UUID.randomUUID().toString();

    private static final AtomicLong FILES = new AtomicLong();

    private final Disk disk;

    public DurableFiles() {
        this(FileOutput::new);
    }

    DurableFiles(Disk disk) {
        this.disk = disk;
    }

    /** Creates or replaces {@code target}, whose directory exists. */
    public void write(Path target, byte[] bytes) throws IOException {
        Path temporary = target.resolveSibling(
                "." + target.getFileName() + "." + PROCESS + "-" + FILES.getAndIncrement() + ".tmp");
        try {
            try (Output output = disk.create(temporary)) {
                output.write(bytes);
                output.force();
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            discard(temporary, e); // above all when the disk is full
            throw e;
        }
        forceDirectory(parent(target));
    }

    /** Creates the directory and those above it, durably; one that is there already is fine. */
    static void createDirectories(Path directory) throws IOException {
        if (Files.isDirectory(directory)) {
            return;
        }
        Path parent = parent(directory);
        createDirectories(parent);
        Files.createDirectories(directory); // not createDirectory: another thread may just have been here
        forceDirectory(parent);
    }

    /** Whether the name is one that {@link #write} gives to an unfinished file, of this process or of a killed one. */
    static boolean isTemporary(Path file) {
        return TEMPORARY.matcher(String.valueOf(file.getFileName())).matches();
    }

    /** Deletes what killed writers left in the directory. The caller makes sure that no other process writes there. */
    public static void deleteTemporaries(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.filter(DurableFiles::isTemporary).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static Path parent(Path path) {
        Path parent = path.toAbsolutePath().getParent();
        if (parent == null) {
            throw new IllegalArgumentException(path + " has no directory above it");
        }
        return parent;
    }

    private static void discard(Path temporary, IOException reason) {
        try {
            Files.deleteIfExists(temporary);
        } catch (IOException e) {
            reason.addSuppressed(e);
        }
    }

    /** A rename is on the medium only when its directory is; repeated if an interrupt closes the channel. */
    private static void forceDirectory(Path directory) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                    channel.force(true);
                    return;
                } catch (ClosedByInterruptException e) {
                    Thread.interrupted();
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static final class FileOutput implements Output {
        private final FileOutputStream stream;

        FileOutput(Path file) throws IOException {
            this.stream = new FileOutputStream(file.toFile());
        }

        @Override
        public void write(byte[] bytes) throws IOException {
            stream.write(bytes);
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
}

package cntk.gram;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A directory of a file system of this machine, perhaps one that many machines share. */
public final class LocalFiles implements StoreFiles {
    private final Path directory;
    private final DurableFiles files;

    public LocalFiles(Path directory) {
        this(directory, new DurableFiles());
    }

    LocalFiles(Path directory, DurableFiles files) {
        this.directory = directory;
        this.files = files;
    }

    public Path directory() {
        return directory;
    }

    @Override
    public String place(String name) {
        return directory.resolve(name).toString();
    }

    @Override
    public void create(String marker) throws IOException {
        OutputDirectories.create(directory);
        if (!exists(marker)) {
            OutputDirectories.requireEmptyOrMarked(directory, marker);
        }
    }

    @Override
    public boolean exists(String name) {
        return Files.exists(directory.resolve(name));
    }

    @Override
    public byte[] read(String name) throws IOException {
        return Files.readAllBytes(directory.resolve(name));
    }

    /** By a stream: a channel would be closed by an interrupt. */
    @Override
    public long read(String name, byte[] into) throws IOException {
        Path file = directory.resolve(name);
        long size = Files.size(file);
        if (size != into.length) {
            return size;
        }
        try (InputStream stream = Files.newInputStream(file)) {
            return stream.readNBytes(into, 0, into.length);
        }
    }

    /** The last of two writers wins: both have the same bytes, and a reader sees one file or the other, whole. */
    @Override
    public void write(String name, byte[] bytes, boolean replace) throws IOException {
        Path file = directory.resolve(name);
        Path parent = file.getParent();
        if (parent != null) {
            DurableFiles.createDirectories(parent);
        }
        files.write(file, bytes);
    }

    @Override
    public void deleteUnfinished() throws IOException {
        DurableFiles.deleteTemporaries(directory);
        Path chunks = directory.resolve("c");
        if (!Files.isDirectory(chunks)) {
            return;
        }
        List<Path> rows;
        try (Stream<Path> all = Files.list(chunks)) {
            rows = all.filter(Files::isDirectory).toList();
        }
        for (Path row : rows) {
            DurableFiles.deleteTemporaries(row);
        }
    }
}

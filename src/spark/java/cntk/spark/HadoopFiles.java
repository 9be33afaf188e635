package cntk.spark;

import cntk.dataset.InputException;
import cntk.gram.StoreFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Options.CreateOpts;
import org.apache.hadoop.fs.Options.Rename;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.StreamCapabilities;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * A directory of a file system that Hadoop knows: HDFS, an object store, the disk. A file is written under another name and
 * renamed without replacing anything, so the first of two writers wins, and nobody sees half a file. HDFS does that in one
 * step; where a rename is a copy (object stores), the copy appears whole.
 */
final class HadoopFiles implements StoreFiles {
    private static final String UNFINISHED = ".tmp";

    private final Path directory;
    private final FileContext context;

    /**
     * Opens no file yet.
     *
     * @param directory with a scheme, such as {@code hdfs://host/runs/a/train}
     * @throws InputException if Hadoop does not know the scheme
     */
    HadoopFiles(String directory, Configuration configuration) {
        try {
            this.directory = new Path(URI.create(directory));
            this.context = FileContext.getFileContext(this.directory.toUri(), configuration);
        } catch (IOException | IllegalArgumentException e) {
            throw new InputException("cannot use " + directory + " as a store: " + e.getMessage(), e);
        }
    }

    private Path path(String name) {
        return name.isEmpty() ? directory : new Path(directory, name);
    }

    @Override
    public String place(String name) {
        return path(name).toString();
    }

    @Override
    public void create(String marker) throws IOException {
        context.mkdir(directory, FsPermission.getDirDefault(), true);
        if (exists(marker)) {
            return;
        }
        for (FileStatus file : list(directory)) {
            String name = file.getPath().getName();
            if (!name.startsWith(".") && !exists(marker)) {
                throw new InputException(directory + " holds " + name + " but no " + marker
                        + ", expected an empty directory or one made by this program");
            }
        }
    }

    @Override
    public boolean exists(String name) throws IOException {
        return context.util().exists(path(name));
    }

    @Override
    public byte[] read(String name) throws IOException {
        try (FSDataInputStream in = context.open(path(name))) {
            return in.readAllBytes();
        } catch (FileNotFoundException e) {
            throw absent(name, e);
        }
    }

    @Override
    public long read(String name, byte[] into) throws IOException {
        try {
            long size = context.getFileStatus(path(name)).getLen();
            if (size == into.length) {
                try (FSDataInputStream in = context.open(path(name))) {
                    in.readFully(0, into);
                }
            }
            return size;
        } catch (FileNotFoundException e) {
            throw absent(name, e);
        }
    }

    private NoSuchFileException absent(String name, FileNotFoundException cause) {
        NoSuchFileException absent = new NoSuchFileException(place(name));
        absent.initCause(cause);
        return absent;
    }

    @Override
    public void write(String name, byte[] bytes, boolean replace) throws IOException {
        Path file = path(name);
        Path unfinished = new Path(file.getParent(), "." + file.getName() + "." + UUID.randomUUID() + UNFINISHED);
        try {
            try (FSDataOutputStream out =
                    context.create(unfinished, EnumSet.of(CreateFlag.CREATE), CreateOpts.createParent())) {
                out.write(bytes);
                if (out.hasCapability(StreamCapabilities.HSYNC)) {
                    out.hsync();
                }
            }
            context.rename(unfinished, file, replace ? Rename.OVERWRITE : Rename.NONE);
        } catch (FileAlreadyExistsException first) {
            context.delete(unfinished, false);
        } catch (IOException e) {
            discard(unfinished, e);
            throw e;
        }
    }

    private void discard(Path unfinished, IOException reason) {
        try {
            context.delete(unfinished, false);
        } catch (IOException e) {
            reason.addSuppressed(e);
        }
    }

    @Override
    public void deleteUnfinished() throws IOException {
        deleteUnfinished(directory);
        Path chunks = path("c");
        if (context.util().exists(chunks)) {
            for (FileStatus row : list(chunks)) {
                deleteUnfinished(row.getPath());
            }
        }
    }

    private void deleteUnfinished(Path folder) throws IOException {
        for (FileStatus file : list(folder)) {
            String name = file.getPath().getName();
            if (name.startsWith(".") && name.endsWith(UNFINISHED)) {
                context.delete(file.getPath(), false);
            }
        }
    }

    private List<FileStatus> list(Path folder) throws IOException {
        List<FileStatus> files = new ArrayList<>();
        var all = context.listStatus(folder);
        while (all.hasNext()) {
            files.add(all.next());
        }
        return files;
    }
}

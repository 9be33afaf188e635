package cntk.backend;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;

/**
 * Native libraries that travel inside a jar, unpacked to a private folder from which the operating system can load them.
 *
 * <p>The folder's name holds a hash of the libraries' names, sizes and checksums, so versions never mix. Every file is
 * checked (size and CRC-32 of the jar) before each use and replaced by temporary file + atomic rename if it differs:
 * several processes may start at once, and a process that was killed half-way does no harm.
 */
public final class PackedLibraries {
    /** One library: its resource, and what the jar says of it. */
    private record Packed(String fileName, URL resource, long size, long crc32) {}

    private final List<Packed> libraries;

    private PackedLibraries(List<Packed> libraries) {
        this.libraries = libraries;
    }

    /** Finds those of {@code fileNames} that exist under the resource folder, in this order. */
    public static PackedLibraries find(ClassLoader loader, String resourceFolder, List<String> fileNames)
            throws IOException {
        List<Packed> found = new ArrayList<>();
        for (String fileName : fileNames) {
            URL resource = loader.getResource(resourceFolder + "/" + fileName);
            if (resource != null) {
                found.add(describe(fileName, resource));
            }
        }
        return new PackedLibraries(List.copyOf(found));
    }

    /** File names in the order given to {@link #find}. */
    public List<String> fileNames() {
        return libraries.stream().map(Packed::fileName).toList();
    }

    /** Makes sure that all libraries lie whole in a folder under {@code cache}; returns their paths in order. */
    public List<Path> unpackUnder(Path cache) throws IOException {
        Path folder = cache.resolve("native-" + contentHash());
        createPrivate(cache); // whoever can write the parent could swap the folder
        createPrivate(folder);
        List<Path> paths = new ArrayList<>();
        for (Packed library : libraries) {
            Path file = folder.resolve(library.fileName());
            if (!isWhole(file, library)) {
                unpack(library, folder);
            }
            paths.add(file);
        }
        return List.copyOf(paths);
    }

    private static Packed describe(String fileName, URL resource) throws IOException {
        URLConnection connection = resource.openConnection();
        if (connection instanceof JarURLConnection jar) {
            jar.setUseCaches(true); // the class loader has the jar open anyway
            return new Packed(
                    fileName,
                    resource,
                    jar.getJarEntry().getSize(),
                    jar.getJarEntry().getCrc());
        }
        try (CheckedInputStream in = new CheckedInputStream(resource.openStream(), new CRC32())) {
            long size = in.transferTo(OutputStream.nullOutputStream());
            return new Packed(fileName, resource, size, in.getChecksum().getValue());
        }
    }

    private String contentHash() {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            for (Packed library : libraries) {
                String line = library.fileName() + " " + library.size() + " " + library.crc32() + "\n";
                sha256.update(line.getBytes(StandardCharsets.UTF_8));
            }
            return HexFormat.of().formatHex(sha256.digest(), 0, 8);
        } catch (NoSuchAlgorithmException impossible) { // every Java platform has SHA-256
            throw new IllegalStateException(impossible);
        }
    }

    /**
     * Creates the folder for this user alone. An existing one must be a real folder that belongs to this user and that
     * nobody else can write: otherwise another user could hand us a library.
     */
    private static void createPrivate(Path folder) throws IOException {
        if (!folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.createDirectories(folder);
            return;
        }
        Files.createDirectories(
                folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        boolean real = Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS);
        String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(folder, LinkOption.NOFOLLOW_LINKS));
        boolean othersWrite = mode.charAt(4) == 'w' || mode.charAt(7) == 'w';
        Path probe = Files.createTempFile(folder, "owner", ".tmp"); // its owner is who we are
        try {
            boolean ours = Files.getOwner(probe).equals(Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS));
            if (!real || othersWrite || !ours) {
                throw new IOException(folder + " (" + mode + ") is not private to this user");
            }
        } finally {
            Files.delete(probe);
        }
    }

    private static boolean isWhole(Path file, Packed library) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) != library.size()) {
            return false;
        }
        try (CheckedInputStream in = new CheckedInputStream(Files.newInputStream(file), new CRC32())) {
            byte[] buffer = new byte[1 << 16];
            while (in.read(buffer) >= 0) {
                // reading is what feeds the checksum
            }
            return in.getChecksum().getValue() == library.crc32();
        }
    }

    private static void unpack(Packed library, Path folder) throws IOException {
        Path partial = Files.createTempFile(folder, library.fileName(), ".tmp");
        try (InputStream in = library.resource().openStream();
                FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE)) {
            in.transferTo(Channels.newOutputStream(channel));
            channel.force(true);
            if (!isWhole(partial, library)) {
                throw new IOException(library.resource() + " did not unpack whole to " + partial);
            }
            Files.move(partial, folder.resolve(library.fileName()), StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    /** The folders to try, best first: the user's cache, then the temporary folder under a name of this user. */
    public static List<Path> cacheFolders() {
        List<Path> folders = new ArrayList<>();
        String xdg = System.getenv("XDG_CACHE_HOME");
        if (xdg != null && new File(xdg).isAbsolute()) {
            folders.add(Path.of(xdg, "cntk"));
        }
        folders.add(Path.of(System.getProperty("user.home"), ".cache", "cntk"));
        folders.add(Path.of(System.getProperty("java.io.tmpdir"), "cntk-" + System.getProperty("user.name")));
        return folders;
    }
}

package cntk.solve;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the eigendecomposition of a kernel in a folder, {@value #FILE_NAME}, so that one factorisation serves every command.
 * The file is believed only if it was made of the very kernel that is asked about (SHA-256) and its bytes are whole
 * (CRC32C); it appears under its name whole or not at all.
 *
 * <p>Layout, little-endian: magic (8 bytes), SHA-256 of the kernel (32), CRC32C of what follows (8), n (8), n eigenvalues
 * ascending, V column by column.
 */
public final class SpectrumCache {
    /** Name of the file in the folder. */
    public static final String FILE_NAME = "spectrum.bin";

    private static final byte[] MAGIC = {'C', 'N', 'T', 'K', 'E', 'I', 'G', '1'};
    private static final int HASH_BYTES = 32;
    private static final int HEADER_BYTES = 56;
    private static final long CHUNK_BYTES = 1L << 28;

    private final Path file;

    public SpectrumCache(Path folder) {
        this.file = folder.resolve(FILE_NAME);
    }

    /**
     * A spectrum and where it comes from.
     *
     * @param found whether it was read instead of computed
     * @param solver what made it, as {@link Eigensolver.Made} says; {@code file} where it was read
     * @param seconds of reading or computing it
     * @param note what the user should know, such as a damaged file; empty if nothing
     */
    public record Outcome(Spectrum spectrum, boolean found, String solver, double seconds, String note) {}

    /**
     * The spectrum of the kernel: from the file if it is right, else computed and written.
     *
     * @throws NonFiniteKernelException as {@link Eigensolver#decompose} does
     */
    public Outcome spectrum(Eigensolver solver, KernelSource kernel) {
        Stopwatch watch = new Stopwatch();
        byte[] hash = KernelHash.of(kernel);
        String note = "";
        if (Files.exists(file)) {
            try {
                Spectrum stored = read(solver.lapack(), hash, kernel.size());
                if (stored != null) {
                    return new Outcome(stored, true, "file", watch.lap(), "");
                }
                note = file + " is of another kernel and is replaced";
            } catch (IOException damaged) {
                note = file + " is damaged and is replaced: " + damaged.getMessage();
            }
        }
        Eigensolver.Made made = solver.decompose(kernel);
        try {
            write(made.spectrum(), hash);
        } catch (IOException refused) {
            note = file + " cannot be written, the next command will factorise again: " + refused;
        }
        String all =
                Stream.of(note, made.note()).filter(text -> !text.isEmpty()).collect(Collectors.joining("; "));
        return new Outcome(made.spectrum(), false, made.solver(), watch.lap(), all);
    }

    /** Null for the spectrum of another kernel. */
    private @Nullable Spectrum read(Lapack lapack, byte[] hash, int n) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            readFully(channel, header);
            header.flip();
            byte[] magic = new byte[MAGIC.length];
            byte[] stored = new byte[HASH_BYTES];
            header.get(magic).get(stored);
            if (!Arrays.equals(magic, MAGIC)) {
                throw new IOException(
                        "it does not begin with " + new String(MAGIC, java.nio.charset.StandardCharsets.US_ASCII));
            }
            long crc = header.getLong();
            if (!Arrays.equals(stored, hash) || header.getLong() != n) {
                return null;
            }
            return read(channel, lapack, n, crc);
        }
    }

    private static Spectrum read(FileChannel channel, Lapack lapack, int n, long crc) throws IOException {
        NativeMatrix vectors = NativeMatrix.zeros(n, n);
        boolean whole = false;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = arena.allocate(ValueLayout.JAVA_DOUBLE, n);
            CRC32C found = new CRC32C();
            for (MemorySegment part : new MemorySegment[] {values, vectors.segment()}) {
                forEachChunk(part, chunk -> {
                    readFully(channel, chunk);
                    found.update(chunk.flip());
                });
            }
            if (found.getValue() != crc) {
                throw new IOException("its checksum is wrong");
            }
            whole = true;
            return new Spectrum(lapack, values.toArray(ValueLayout.JAVA_DOUBLE), vectors);
        } finally {
            if (!whole) {
                vectors.close();
            }
        }
    }

    private void write(Spectrum spectrum, byte[] hash) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        Path partial = file.resolveSibling("." + FILE_NAME + ".partial-"
                + ProcessHandle.current().pid() + "-" + Long.toHexString(System.nanoTime()));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = arena.allocateFrom(ValueLayout.JAVA_DOUBLE, spectrum.values());
            MemorySegment[] parts = {values, spectrum.vectors().segment()};
            CRC32C crc = new CRC32C();
            for (MemorySegment part : parts) {
                forEachChunk(part, crc::update);
            }
            ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            header.put(MAGIC)
                    .put(hash)
                    .putLong(crc.getValue())
                    .putLong(spectrum.size())
                    .flip();
            try (FileChannel channel =
                    FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                writeFully(channel, header);
                for (MemorySegment part : parts) {
                    forEachChunk(part, chunk -> writeFully(channel, chunk));
                }
                channel.force(true);
            }
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    @FunctionalInterface
    private interface Chunk {
        void take(ByteBuffer bytes) throws IOException;
    }

    private static void forEachChunk(MemorySegment memory, Chunk sink) throws IOException {
        for (long from = 0; from < memory.byteSize(); from += CHUNK_BYTES) {
            sink.take(memory.asSlice(from, Math.min(CHUNK_BYTES, memory.byteSize() - from))
                    .asByteBuffer());
        }
    }

    private static void readFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            if (channel.read(bytes) < 0) {
                throw new EOFException("it is cut short");
            }
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}

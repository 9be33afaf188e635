package cntk.solve;

import cntk.dataset.InputException;
import cntk.gram.DurableFiles;
import cntk.gram.StoreException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The state of an iterative solve in a folder, {@value #FILE_NAME}: there whole or not at all, of one system of equations, and
 * checked by CRC32C. A solve that goes on from it gives the bits of one that was never stopped.
 *
 * <p>Layout: magic (8 bytes), SHA-256 of the equations (32), CRC32C of all that follows, little-endian (8), then big-endian what
 * {@link BlockRecursion} writes behind a checksum of the preconditioner and the bytes read so far.
 */
public final class PcgCheckpoint {
    /** Name of the file in the folder. */
    public static final String FILE_NAME = "pcg-checkpoint.bin";

    private static final byte[] MAGIC = "CNTKPCG1".getBytes(StandardCharsets.US_ASCII);
    private static final int HASH_BYTES = 32;
    private static final int HEADER_BYTES = 48;

    private final Path file;
    private final DurableFiles files = new DurableFiles();

    /** @param folder exists, and no other process writes there */
    public PcgCheckpoint(Path folder) {
        this.file = folder.resolve(FILE_NAME);
    }

    Path file() {
        return file;
    }

    /**
     * The state behind the header, or null where there is none of these equations.
     *
     * @param equations SHA-256 of kernel, ridge and targets
     * @throws InputException if the file is damaged
     */
    @Nullable
    DataInputStream read(byte[] equations, PcgListener listener) {
        try {
            Path folder = file.toAbsolutePath().getParent();
            if (folder != null && Files.isDirectory(folder)) {
                DurableFiles.deleteTemporaries(folder);
            }
            if (!Files.exists(file)) {
                return null;
            }
            byte[] bytes = Files.readAllBytes(file);
            if (bytes.length < HEADER_BYTES || !Arrays.equals(bytes, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
                throw damaged("it does not begin as one");
            }
            long stored = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(MAGIC.length + HASH_BYTES);
            CRC32C crc = new CRC32C();
            crc.update(bytes, HEADER_BYTES, bytes.length - HEADER_BYTES);
            if (crc.getValue() != stored) {
                throw damaged("its checksum is wrong");
            }
            int end = MAGIC.length + HASH_BYTES;
            if (!Arrays.equals(bytes, MAGIC.length, end, equations, 0, HASH_BYTES)) {
                listener.replaced(file);
                return null;
            }
            return new DataInputStream(new ByteArrayInputStream(bytes, HEADER_BYTES, bytes.length - HEADER_BYTES));
        } catch (IOException e) {
            throw new StoreException("cannot read " + file + ": " + e, e);
        }
    }

    private InputException damaged(String how) {
        return new InputException(
                "the checkpoint " + file + " is damaged: " + how + "\nhint: delete it to solve anew; the kernel stays");
    }

    /** Writes the state behind the header. */
    @FunctionalInterface
    interface State {
        void writeTo(DataOutputStream out) throws IOException;
    }

    /** Makes the state durable, in place of the one before. */
    void write(byte[] equations, State state) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            bytes.write(new byte[HEADER_BYTES]);
            try (DataOutputStream out = new DataOutputStream(bytes)) {
                state.writeTo(out);
            }
            byte[] all = bytes.toByteArray();
            CRC32C crc = new CRC32C();
            crc.update(all, HEADER_BYTES, all.length - HEADER_BYTES);
            ByteBuffer.wrap(all)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .put(MAGIC)
                    .put(equations)
                    .putLong(crc.getValue());
            files.write(file, all);
        } catch (IOException e) {
            throw new StoreException(
                    "cannot write " + file + ": " + e
                            + "\nhint: free some space, then run the same command again; it goes on from the last checkpoint",
                    e);
        }
    }

    /** To be called when the results are safe elsewhere. */
    public void delete() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new StoreException("cannot delete " + file + ": " + e, e);
        }
    }
}

package cntk.dataset;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Reads {@code .npy} files row by row; a row is everything behind the first axis. */
final class NpyReader implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 16;

    private final Path file;
    private final InputStream stream;
    private final NpyHeader header;

    private NpyReader(Path file, InputStream stream, NpyHeader header) {
        this.file = file;
        this.stream = stream;
        this.header = header;
    }

    /**
     * Reads the header and holds the size of the file against it.
     *
     * @throws InputException if there is no such file, it is no .npy file of floats in C order, or of another length
     */
    static NpyReader open(Path file) {
        if (Files.isDirectory(file)) {
            throw new InputException(file + " is a directory, expected a .npy file");
        }
        try {
            InputStream stream = new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES);
            try {
                NpyHeader header = NpyHeader.read(stream, file.toString());
                checkLength(file, header);
                return new NpyReader(file, stream, header);
            } catch (IOException | RuntimeException e) {
                stream.close();
                throw e;
            }
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    NpyType type() {
        return header.type();
    }

    List<Long> shape() {
        return header.shape();
    }

    /** Where the numbers begin, in bytes from the start of the file. */
    long dataOffset() {
        return header.dataOffset();
    }

    /** Fills {@code row} with the next numbers of the file, little-endian bytes as they stand there. */
    void next(byte[] row) {
        try {
            if (stream.readNBytes(row, 0, row.length) < row.length) {
                throw new EOFException("it became shorter while it was read");
            }
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    /** The numbers of a row as floats; only for {@link NpyType#F32}. */
    static float[] floats(byte[] row) {
        float[] values = new float[row.length / Float.BYTES];
        ByteBuffer.wrap(row).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        return values;
    }

    /** The numbers of a row as doubles; only for {@link NpyType#F64}. */
    static double[] doubles(byte[] row) {
        double[] values = new double[row.length / Double.BYTES];
        ByteBuffer.wrap(row).order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer().get(values);
        return values;
    }

    @Override
    public void close() {
        try {
            stream.close();
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static void checkLength(Path file, NpyHeader header) throws IOException {
        long expected = header.count(file.toString()) * header.type().bytes();
        long found;
        try (FileChannel channel = FileChannel.open(file)) {
            found = channel.size() - header.dataOffset();
        }
        if (found != expected) {
            throw new InputException(file + " has " + found + " bytes of data from byte offset " + header.dataOffset()
                    + " on, expected " + expected + " for shape " + NpyHeader.words(header.shape()) + " of "
                    + header.type().descr());
        }
    }

    private static InputException unreadable(Path file, IOException cause) {
        return new InputException(file + " cannot be read: " + Failures.reason(cause), cause);
    }

    /** The index in the shape of number {@code flat} in the file, as Python writes it. */
    static String index(List<Long> shape, long flat) {
        Long[] index = new Long[shape.size()];
        long rest = flat;
        for (int axis = index.length - 1; axis >= 0; axis--) {
            index[axis] = rest % shape.get(axis);
            rest /= shape.get(axis);
        }
        return Arrays.toString(index);
    }
}

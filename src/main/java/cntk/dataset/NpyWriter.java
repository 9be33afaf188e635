package cntk.dataset;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a {@code .npy} file of any size row by row. The file appears under its name, whole, at {@link #commit}; before that
 * it is a hidden neighbour, which {@link #close} removes.
 *
 * <p>A row is everything behind the first axis; a shape of one axis is a single row.
 */
public final class NpyWriter implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 20;

    private final Path file;
    private final Path partial;
    private final NpyType type;
    private final FileChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final int rowLength;
    private long rowsLeft;

    private NpyWriter(Path file, Path partial, NpyType type, FileChannel channel, int rowLength, long rows) {
        this.file = file;
        this.partial = partial;
        this.type = type;
        this.channel = channel;
        this.rowLength = rowLength;
        this.rowsLeft = rows;
    }

    /**
     * Begins a file, which may exist and is then replaced at the end.
     *
     * @param shape one axis or more, none of them empty
     * @throws InputException if the folder does not exist or cannot be written
     */
    public static NpyWriter open(Path file, NpyType type, long... shape) {
        List<Long> axes = new ArrayList<>();
        long rowLength = 1;
        for (int axis = 0; axis < shape.length; axis++) {
            axes.add(shape[axis]);
            rowLength = axis == 0 && shape.length > 1 ? 1 : Math.multiplyExact(rowLength, shape[axis]);
        }
        if (shape.length == 0 || axes.stream().anyMatch(length -> length < 1)) {
            throw new IllegalArgumentException("shape " + axes + " of " + file);
        }
        Path target = file.toAbsolutePath();
        if (Files.isDirectory(target)) {
            throw new InputException("cannot write " + file + ": it is a directory");
        }
        Path partial = target.resolveSibling("." + target.getFileName() + ".partial-"
                + ProcessHandle.current().pid() + "-" + Long.toHexString(System.nanoTime()));
        try {
            FileChannel channel = FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            NpyWriter writer = new NpyWriter(
                    target, partial, type, channel, Math.toIntExact(rowLength), shape.length == 1 ? 1 : shape[0]);
            writer.buffer.put(NpyHeader.bytes(type.descr(), axes));
            return writer;
        } catch (IOException e) {
            throw new InputException("cannot write " + file + ": " + Failures.reason(e), e);
        }
    }

    /** Appends one row; for {@link NpyType#F32} the numbers are rounded to float. */
    public void writeRow(double[] row) {
        if (row.length != rowLength || rowsLeft == 0) {
            throw new IllegalArgumentException(
                    "a row of " + row.length + " where " + rowsLeft + " of " + rowLength + " are to come in " + file);
        }
        rowsLeft--;
        for (double value : row) {
            if (buffer.remaining() < Double.BYTES) {
                flush();
            }
            if (type == NpyType.F32) {
                buffer.putFloat((float) value);
            } else {
                buffer.putDouble(value);
            }
        }
    }

    /** Makes the file durable and gives it its name; all rows must be there. */
    public void commit() {
        if (rowsLeft > 0) {
            throw new IllegalStateException(rowsLeft + " rows are missing in " + file);
        }
        flush();
        try {
            channel.force(true);
            channel.close();
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /** Closes the file and, without a commit, removes what was written. */
    @Override
    public void close() {
        try {
            channel.close();
            Files.deleteIfExists(partial);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private void flush() {
        buffer.flip();
        try {
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        } catch (IOException e) {
            throw failed(e);
        }
        buffer.clear();
    }

    private InputException failed(IOException cause) {
        return new InputException("cannot write " + file + ": " + Failures.reason(cause), cause);
    }
}

package cntk.dataset;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * A {@code .npy} file with two axes as a matrix of any size: mapped, so that only what is read is in memory. Safe for many
 * threads. NaN and infinities are let through.
 */
public final class NpyMatrix implements AutoCloseable {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path file;
    private final NpyType type;
    private final int rows;
    private final int columns;
    private final Arena arena;
    private final MemorySegment numbers;

    private NpyMatrix(Path file, NpyType type, int rows, int columns, Arena arena, MemorySegment numbers) {
        this.file = file;
        this.type = type;
        this.rows = rows;
        this.columns = columns;
        this.arena = arena;
        this.numbers = numbers;
    }

    /**
     * Maps a file.
     *
     * @throws InputException if it is missing, cut short or too long, or not a matrix of floats in C order
     */
    public static NpyMatrix open(Path file) {
        try (NpyReader reader = NpyReader.open(file)) {
            List<Long> shape = reader.shape();
            if (shape.size() != 2 || shape.contains(0L) || shape.stream().anyMatch(side -> side > Integer.MAX_VALUE)) {
                throw new InputException(file + " has shape " + NpyHeader.words(shape)
                        + ", expected a matrix: two axes, none of them empty");
            }
            int rows = shape.getFirst().intValue();
            int columns = shape.getLast().intValue();
            return map(file, reader, rows, columns);
        }
    }

    private static NpyMatrix map(Path file, NpyReader reader, int rows, int columns) {
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(file)) {
            long bytes = (long) rows * columns * reader.type().bytes();
            MemorySegment numbers = channel.map(FileChannel.MapMode.READ_ONLY, reader.dataOffset(), bytes, arena);
            return new NpyMatrix(file, reader.type(), rows, columns, arena, numbers);
        } catch (IOException e) {
            arena.close();
            throw new InputException(file + " cannot be read: " + Failures.reason(e), e);
        }
    }

    public Path file() {
        return file;
    }

    public NpyType type() {
        return type;
    }

    public int rows() {
        return rows;
    }

    public int columns() {
        return columns;
    }

    public double get(int row, int column) {
        Objects.checkIndex(row, rows);
        Objects.checkIndex(column, columns);
        long at = ((long) row * columns + column) * type.bytes();
        return type == NpyType.F64 ? numbers.get(DOUBLE, at) : numbers.get(FLOAT, at);
    }

    /** Reads {@code count} numbers of one row, from {@code column} on, into {@code out[to ..]}. */
    public void read(int row, int column, int count, double[] out, int to) {
        Objects.checkIndex(row, rows);
        Objects.checkFromIndexSize(column, count, columns);
        long at = ((long) row * columns + column) * type.bytes();
        if (type == NpyType.F64) {
            MemorySegment.copy(numbers, DOUBLE, at, out, to, count);
        } else {
            for (int place = 0; place < count; place++) {
                out[to + place] = numbers.get(FLOAT, at + (long) place * Float.BYTES);
            }
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}

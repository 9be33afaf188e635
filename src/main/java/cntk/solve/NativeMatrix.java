package cntk.solve;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * A dense matrix of doubles in native memory, column by column (entry (row, col) at index {@code row + col * rows}), as
 * BLAS and LAPACK expect it. Indices are 64-bit: 50,000 x 50,000 entries (20 GB) are one segment.
 *
 * <p>Starts as zeros. Threads may write disjoint entries at the same time. Whoever makes it closes it; use after that
 * throws {@link IllegalStateException}.
 */
public final class NativeMatrix implements AutoCloseable {
    private static final long CACHE_LINE = 64;

    private final int rows;
    private final int cols;
    private final Arena arena;
    private final MemorySegment entries;

    private NativeMatrix(int rows, int cols, Arena arena, MemorySegment entries) {
        this.rows = rows;
        this.cols = cols;
        this.arena = arena;
        this.entries = entries;
    }

    /**
     * Allocates a matrix of zeros.
     *
     * @throws MemoryShortageException when the machine (or the container) has less memory left than the matrix needs
     */
    public static NativeMatrix zeros(int rows, int cols) {
        if (rows < 1 || cols < 1) {
            throw new IllegalArgumentException("matrix of " + rows + " x " + cols);
        }
        long bytes = bytes(rows, cols);
        String purpose = "a " + rows + " x " + cols + " matrix";
        AvailableMemory.require(bytes, purpose);
        Arena arena = Arena.ofShared();
        try {
            return new NativeMatrix(rows, cols, arena, arena.allocate(bytes, CACHE_LINE));
        } catch (OutOfMemoryError refused) { // malloc said no; the heap itself is fine
            arena.close();
            throw new MemoryShortageException(bytes, AvailableMemory.bytes(), purpose, refused);
        }
    }

    /** A matrix of its own with the same entries. */
    static NativeMatrix copyOf(NativeMatrix other) {
        NativeMatrix copy = zeros(other.rows, other.cols);
        copy.entries.copyFrom(other.entries);
        return copy;
    }

    /** Bytes of a matrix of {@code rows x cols} doubles. */
    public static long bytes(int rows, int cols) {
        return Math.multiplyExact((long) rows * cols, (long) Double.BYTES);
    }

    public int rows() {
        return rows;
    }

    public int cols() {
        return cols;
    }

    public double get(int row, int col) {
        return entries.getAtIndex(ValueLayout.JAVA_DOUBLE, index(row, col));
    }

    public void set(int row, int col, double value) {
        entries.setAtIndex(ValueLayout.JAVA_DOUBLE, index(row, col), value);
    }

    /** Writes {@code values[from .. from+count)} into column {@code col}, from row {@code row} downwards. */
    public void putColumn(int col, int row, double[] values, int from, int count) {
        Objects.checkFromIndexSize(row, count, rows);
        if (count > 0) {
            MemorySegment.copy(values, from, entries, ValueLayout.JAVA_DOUBLE, index(row, col) * Double.BYTES, count);
        }
    }

    /** Reads {@code count} entries of column {@code col}, from row {@code row} downwards, into {@code out[from ..]}. */
    public void getColumn(int col, int row, double[] out, int from, int count) {
        Objects.checkFromIndexSize(row, count, rows);
        if (count > 0) {
            MemorySegment.copy(entries, ValueLayout.JAVA_DOUBLE, index(row, col) * Double.BYTES, out, from, count);
        }
    }

    /** Adds {@code value} to every entry (i, i). */
    public void addToDiagonal(double value) {
        for (int i = 0; i < Math.min(rows, cols); i++) {
            set(i, i, get(i, i) + value);
        }
    }

    /** Sum of the entries (i, i). */
    public double trace() {
        double sum = 0;
        for (int i = 0; i < Math.min(rows, cols); i++) {
            sum += get(i, i);
        }
        return sum;
    }

    /** The memory itself, rows * cols doubles, column by column; for native calls. */
    MemorySegment segment() {
        return entries;
    }

    private long index(int row, int col) {
        Objects.checkIndex(row, rows);
        Objects.checkIndex(col, cols);
        return row + (long) col * rows;
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}

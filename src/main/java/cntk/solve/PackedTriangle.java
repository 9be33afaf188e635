package cntk.solve;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * The lower triangle of a symmetric n x n matrix in n (n + 1) / 2 doubles of native memory: LAPACK's rectangular full packed
 * format with TRANSR = N, UPLO = L (Gustavson, Wasniewski, Dongarra and Langou 2010). With h = ceil(n / 2) the leading h
 * columns stay where a column-major array has them, and the triangle behind them, transposed, fills the corner above:
 *
 * <pre>
 *   n = 5                 n = 6
 *   00 33 43              33 43 53      rows: stride() = n for odd n, n + 1 for even n
 *   10 11 44              00 44 54      columns: h for odd n, n / 2 for even n
 *   20 21 22              10 11 55
 *   30 31 32              20 21 22
 *   40 41 42              30 31 32
 *                         40 41 42
 *                         50 51 52
 * </pre>
 *
 * <p>So three blocks are ordinary column-major arrays with one stride, and BLAS works on them at full speed. Offsets are 64-bit.
 * Starts as zeros; whoever makes it closes it.
 */
final class PackedTriangle implements AutoCloseable {
    private static final long CACHE_LINE = 64;

    private final int size;
    private final int half;
    private final int stride;
    /** Rows above entry (0, 0): 1 for even n. */
    private final int above;

    private final Arena arena;
    private final MemorySegment entries;

    private PackedTriangle(int size, Arena arena, MemorySegment entries) {
        this.size = size;
        this.half = size - size / 2;
        this.above = 1 - size % 2;
        this.stride = size + above;
        this.arena = arena;
        this.entries = entries;
    }

    /**
     * A matrix of zeros.
     *
     * @throws MemoryShortageException when the machine (or the container) has less memory left than it needs
     */
    static PackedTriangle zeros(int size) {
        if (size < 1) {
            throw new IllegalArgumentException("matrix of order " + size);
        }
        long bytes = bytes(size);
        String purpose = "the triangle of a " + size + " x " + size + " matrix";
        AvailableMemory.require(bytes, purpose);
        Arena arena = Arena.ofShared();
        try {
            return new PackedTriangle(size, arena, arena.allocate(bytes, CACHE_LINE));
        } catch (OutOfMemoryError refused) { // malloc said no; the heap itself is fine
            arena.close();
            throw new MemoryShortageException(bytes, AvailableMemory.bytes(), purpose, refused);
        }
    }

    /** Bytes of a triangle of order {@code size}: 8 n (n + 1) / 2. */
    static long bytes(int size) {
        return Math.multiplyExact((long) size * (size + 1L) / 2, (long) Double.BYTES);
    }

    int size() {
        return size;
    }

    /** Order of the leading block: ceil(n / 2). */
    int half() {
        return half;
    }

    /** Elements from one column of the array to the next. */
    int stride() {
        return stride;
    }

    /** The memory from entry (row, col), row >= col, on; for native calls. */
    MemorySegment from(int row, int col) {
        return entries.asSlice(place(row, col) * Double.BYTES);
    }

    /** All of it; for native calls. */
    MemorySegment segment() {
        return entries;
    }

    double get(int row, int col) {
        return entries.getAtIndex(ValueLayout.JAVA_DOUBLE, checked(row, col));
    }

    void set(int row, int col, double value) {
        entries.setAtIndex(ValueLayout.JAVA_DOUBLE, checked(row, col), value);
    }

    /** As {@link LowerTriangleSink#put}: a contiguous copy in the leading columns, one entry a column behind them. */
    void put(int col, int row, double[] values, int from, int count) {
        Objects.checkFromIndexSize(row, count, size);
        if (count == 0) {
            return;
        }
        long place = checked(row, col);
        if (col < half) {
            MemorySegment.copy(values, from, entries, ValueLayout.JAVA_DOUBLE, place * Double.BYTES, count);
            return;
        }
        // The runs of a tile write to the same cache lines one after the other.
        for (int index = 0; index < count; index++) {
            entries.setAtIndex(ValueLayout.JAVA_DOUBLE, place + (long) index * stride, values[from + index]);
        }
    }

    private long checked(int row, int col) {
        Objects.checkIndex(row, size);
        Objects.checkIndex(col, row + 1);
        return place(row, col);
    }

    private long place(int row, int col) {
        return col < half ? row + above + (long) col * stride : col - half + (long) (row - half + 1 - above) * stride;
    }

    /** Largest column sum of magnitudes of the symmetric matrix; reads the memory once, in order. */
    double oneNorm() {
        double[] sums = new double[size];
        for (int col = 0; col < half; col++) {
            long start = place(col, col);
            for (int row = col; row < size; row++) {
                double value = Math.abs(entries.getAtIndex(ValueLayout.JAVA_DOUBLE, start + row - col));
                sums[col] += value;
                sums[row] += row == col ? 0 : value;
            }
        }
        for (int row = half; row < size; row++) {
            long start = place(row, half);
            for (int col = half; col <= row; col++) {
                double value = Math.abs(entries.getAtIndex(ValueLayout.JAVA_DOUBLE, start + col - half));
                sums[col] += value;
                sums[row] += row == col ? 0 : value;
            }
        }
        double largest = 0;
        for (double sum : sums) {
            if (!(sum <= largest)) { // NaN comes through
                largest = sum;
            }
        }
        return largest;
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}

package cntk.solve;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The preconditioner P = C C^T of a symmetric positive definite A (maths.md, eq. 55 and 56): Cholesky on the pivots, and what it
 * leaves of the others by its diagonal alone. Exact where every image is a pivot.
 *
 * <p>n x rank and rank x rank numbers; made by {@link RandomPivots}. Threads share the work, and the bits do not depend on their
 * number.
 */
final class PartialCholesky implements AutoCloseable {
    private static final int CHUNK_ROWS = 2048;

    private final Lapack lapack;
    private final OrderedTasks tasks;
    private final NativeMatrix rows;
    private final NativeMatrix corner;
    private final int[] pivots;
    private final double[] remainders;
    private final double[] roots;

    /**
     * Takes over {@code rows}.
     *
     * @param rows n x rank: L in the rows of the pivots, in their order, and A[., pivots] L^-T in the others
     * @param remainders diagonal of the Schur complement, above 0 but for the pivots, where it is not read
     */
    PartialCholesky(Lapack lapack, OrderedTasks tasks, NativeMatrix rows, int[] pivots, double[] remainders) {
        this.lapack = lapack;
        this.tasks = tasks;
        this.rows = rows;
        this.pivots = pivots.clone();
        this.remainders = remainders.clone();
        this.corner = NativeMatrix.zeros(pivots.length, pivots.length);
        for (int row = 0; row < pivots.length; row++) {
            this.remainders[pivots[row]] = 0;
            for (int col = 0; col <= row; col++) {
                corner.set(row, col, rows.get(pivots[row], col));
            }
        }
        roots = new double[remainders.length];
        for (int image = 0; image < roots.length; image++) {
            roots[image] = Math.sqrt(this.remainders[image]);
        }
    }

    int rank() {
        return pivots.length;
    }

    /** The smallest of what the pivots before it leave of a pivot, and all of them of another image: in units of A. */
    double smallestPivot() {
        double smallest = Double.POSITIVE_INFINITY;
        for (int row = 0; row < pivots.length; row++) {
            smallest = Math.min(smallest, corner.get(row, row) * corner.get(row, row));
        }
        for (double remainder : remainders) {
            smallest = remainder > 0 ? Math.min(smallest, remainder) : smallest;
        }
        return smallest;
    }

    /** The largest of what the pivots leave of an image; 0 where all are pivots. */
    double largestRemainder() {
        double largest = 0;
        for (double remainder : remainders) {
            largest = Math.max(largest, remainder);
        }
        return largest;
    }

    /** Tells factors apart that differ in a bit. */
    long checksum() {
        CRC32C crc = new CRC32C();
        long step = 1L << 28;
        for (long from = 0; from < rows.segment().byteSize(); from += step) {
            crc.update(rows.segment()
                    .asSlice(from, Math.min(step, rows.segment().byteSize() - from))
                    .asByteBuffer());
        }
        return crc.getValue() << 32 | pivots.length;
    }

    /** out = C^-1 v; both n x columns, and not the same. */
    void solve(NativeMatrix v, NativeMatrix out) {
        try (NativeMatrix top = ofPivots(v)) {
            lapack.divide(corner, false, top);
            out.segment().copyFrom(v.segment());
            BlockLapack.Block right = BlockLapack.Block.of(top);
            List<Object> slots = new ArrayList<>();
            for (int slot = 0; slot < tasks.slots(); slot++) {
                slots.add(slot);
            }
            tasks.run(
                    chunks(),
                    slots,
                    (chunk, _) -> lapack.product(
                            false,
                            height(chunk),
                            v.cols(),
                            rank(),
                            -1,
                            chunk(rows, chunk),
                            right,
                            1,
                            chunk(out, chunk)),
                    (_, _) -> {});
            for (int col = 0; col < out.cols(); col++) {
                for (int image = 0; image < roots.length; image++) {
                    if (roots[image] != 0) {
                        out.set(image, col, out.get(image, col) / roots[image]);
                    }
                }
                for (int row = 0; row < pivots.length; row++) {
                    out.set(pivots[row], col, top.get(row, col));
                }
            }
        }
    }

    /** out = C^-T v; both n x columns, and not the same. */
    void solveTransposed(NativeMatrix v, NativeMatrix out) {
        for (int col = 0; col < out.cols(); col++) {
            for (int image = 0; image < roots.length; image++) {
                out.set(image, col, roots[image] == 0 ? 0 : v.get(image, col) / roots[image]);
            }
        }
        try (NativeMatrix top = ofPivots(v);
                Arena arena = Arena.ofShared()) {
            long entries = (long) rank() * v.cols();
            List<MemorySegment> slots = new ArrayList<>();
            for (int slot = 0; slot < tasks.slots(); slot++) {
                slots.add(arena.allocate(JAVA_DOUBLE, entries));
            }
            tasks.run(
                    chunks(),
                    slots,
                    (chunk, slot) -> lapack.product(
                            true,
                            rank(),
                            v.cols(),
                            height(chunk),
                            1,
                            chunk(rows, chunk),
                            chunk(out, chunk),
                            0,
                            new BlockLapack.Block(slot, rank())),
                    (_, slot) -> subtract(slot, entries, top));
            lapack.divide(corner, true, top);
            for (int col = 0; col < out.cols(); col++) {
                for (int row = 0; row < pivots.length; row++) {
                    out.set(pivots[row], col, top.get(row, col));
                }
            }
        }
    }

    private static void subtract(MemorySegment part, long entries, NativeMatrix from) {
        for (long entry = 0; entry < entries; entry++) {
            double rest = from.segment().getAtIndex(JAVA_DOUBLE, entry) - part.getAtIndex(JAVA_DOUBLE, entry);
            from.segment().setAtIndex(JAVA_DOUBLE, entry, rest);
        }
    }

    private NativeMatrix ofPivots(NativeMatrix v) {
        NativeMatrix top = NativeMatrix.zeros(rank(), v.cols());
        for (int col = 0; col < v.cols(); col++) {
            for (int row = 0; row < pivots.length; row++) {
                top.set(row, col, v.get(pivots[row], col));
            }
        }
        return top;
    }

    private int chunks() {
        return Math.ceilDiv(rows.rows(), CHUNK_ROWS);
    }

    private int height(int chunk) {
        return Math.min(CHUNK_ROWS, rows.rows() - chunk * CHUNK_ROWS);
    }

    private static BlockLapack.Block chunk(NativeMatrix matrix, int chunk) {
        return new BlockLapack.Block(matrix.segment().asSlice((long) chunk * CHUNK_ROWS * Double.BYTES), matrix.rows());
    }

    @Override
    public void close() {
        corner.close();
        rows.close();
    }
}

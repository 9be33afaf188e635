package cntk.solve;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/** Z = Q R with orthonormal columns Q, as many as Z has independent ones (LAPACK dgeqp3, dorgqr). */
final class PivotedQr {
    private static final int ARGUMENTS = 9;
    private static final int BLOCK = 64;

    private final MethodHandle dgeqp3;
    private final MethodHandle dorgqr;

    PivotedQr(OpenBlas library) {
        MemoryLayout[] layouts = new MemoryLayout[ARGUMENTS];
        Arrays.fill(layouts, ADDRESS);
        dgeqp3 = library.bind("dgeqp3_", FunctionDescriptor.ofVoid(layouts));
        dorgqr = library.bind("dorgqr_", FunctionDescriptor.ofVoid(layouts));
    }

    /**
     * The factors; whoever asked closes them.
     *
     * @param q n x rank; null where the rank is 0
     * @param r rank x columns of Z; null where the rank is 0
     */
    record Factors(
            int rank,
            @org.jspecify.annotations.Nullable NativeMatrix q,
            @org.jspecify.annotations.Nullable NativeMatrix r) {}

    /**
     * Factorises; Z is destroyed.
     *
     * @param smallest directions in which Z is at most this long are left out
     */
    Factors of(NativeMatrix z, double smallest) {
        int n = z.rows();
        int columns = z.cols();
        int most = Math.min(n, columns);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pivots = arena.allocate(JAVA_INT, columns);
            MemorySegment tau = arena.allocate(JAVA_DOUBLE, most);
            int length = (columns + 1) * BLOCK + 2 * columns;
            MemorySegment work = arena.allocate(JAVA_DOUBLE, length);
            MemorySegment workLength = arena.allocateFrom(JAVA_INT, length);
            MemorySegment info = arena.allocate(JAVA_INT);
            MemorySegment rows = arena.allocateFrom(JAVA_INT, n);
            dgeqp3.invokeExact(
                    rows,
                    arena.allocateFrom(JAVA_INT, columns),
                    z.segment(),
                    rows,
                    pivots,
                    tau,
                    work,
                    workLength,
                    info);
            require("dgeqp3", info, n, columns);
            int rank = 0;
            while (rank < most && Math.abs(z.get(rank, rank)) > smallest) {
                rank++;
            }
            if (rank == 0) {
                return new Factors(0, null, null);
            }
            NativeMatrix r = upper(z, rank, pivots);
            MemorySegment kept = arena.allocateFrom(JAVA_INT, rank);
            dorgqr.invokeExact(rows, kept, kept, z.segment(), rows, tau, work, workLength, info);
            require("dorgqr", info, n, columns);
            return new Factors(rank, leading(z, rank), r);
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }

    private static NativeMatrix upper(NativeMatrix z, int rank, MemorySegment pivots) {
        NativeMatrix r = NativeMatrix.zeros(rank, z.cols());
        for (int col = 0; col < z.cols(); col++) {
            int original = pivots.getAtIndex(JAVA_INT, col) - 1;
            for (int row = 0; row <= Math.min(col, rank - 1); row++) {
                r.set(row, original, z.get(row, col));
            }
        }
        return r;
    }

    private static NativeMatrix leading(NativeMatrix z, int columns) {
        NativeMatrix copy = NativeMatrix.zeros(z.rows(), columns);
        copy.segment().copyFrom(z.segment().asSlice(0, NativeMatrix.bytes(z.rows(), columns)));
        return copy;
    }

    private static void require(String routine, MemorySegment info, int n, int columns) {
        if (info.get(JAVA_INT, 0) != 0) {
            throw new LapackException(routine, info.get(JAVA_INT, 0), "a matrix of " + n + " x " + columns);
        }
    }
}

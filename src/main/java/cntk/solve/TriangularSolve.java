package cntk.solve;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/** Solves with a lower triangular matrix (BLAS dtrsm). */
final class TriangularSolve {
    private static final int ARGUMENTS = 11;
    private static final int STRINGS = 4;

    private final MethodHandle dtrsm;

    TriangularSolve(OpenBlas library) {
        MemoryLayout[] layouts = new MemoryLayout[ARGUMENTS + STRINGS];
        Arrays.fill(layouts, 0, ARGUMENTS, ADDRESS);
        Arrays.fill(layouts, ARGUMENTS, layouts.length, JAVA_LONG);
        dtrsm = library.bind("dtrsm_", FunctionDescriptor.ofVoid(layouts));
    }

    /** B = L^-1 B, or L^-T B if {@code transposed}; L is k x k, B k x any number of columns. */
    void fromLeft(NativeMatrix lower, boolean transposed, NativeMatrix b) {
        call('L', transposed ? 'T' : 'N', b.rows(), b.cols(), lower, b.segment(), b.rows());
    }

    /** B = B L^-T for a column-major block of {@code rows x lower.cols()}. */
    void transposedFromRight(NativeMatrix lower, int rows, MemorySegment b, int stride) {
        call('R', 'T', rows, lower.cols(), lower, b, stride);
    }

    private void call(char side, char op, int m, int n, NativeMatrix lower, MemorySegment b, int stride) {
        try (Arena arena = Arena.ofConfined()) {
            dtrsm.invokeExact(
                    arena.allocateFrom(JAVA_BYTE, (byte) side),
                    arena.allocateFrom(JAVA_BYTE, (byte) 'L'),
                    arena.allocateFrom(JAVA_BYTE, (byte) op),
                    arena.allocateFrom(JAVA_BYTE, (byte) 'N'),
                    arena.allocateFrom(JAVA_INT, m),
                    arena.allocateFrom(JAVA_INT, n),
                    arena.allocateFrom(JAVA_DOUBLE, 1.0),
                    lower.segment(),
                    arena.allocateFrom(JAVA_INT, lower.rows()),
                    b,
                    arena.allocateFrom(JAVA_INT, stride),
                    1L,
                    1L,
                    1L,
                    1L);
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }
}

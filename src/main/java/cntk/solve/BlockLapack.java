package cntk.solve;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The BLAS and LAPACK routines that work on any block of memory, by their Fortran symbols ({@link Lapack} tells of those). */
final class BlockLapack {
    static final char LOWER = 'L';
    static final char UPPER = 'U';
    static final char LEFT = 'L';
    static final char RIGHT = 'R';
    static final char AS_IS = 'N';
    static final char TRANSPOSED = 'T';

    private final MethodHandle dpotrf;
    private final MethodHandle dtrsm;
    private final MethodHandle dsyrk;
    private final MethodHandle dgemm;

    BlockLapack(OpenBlas library) {
        dpotrf = library.bind("dpotrf_", OpenBlas.routine(5, 1));
        dtrsm = library.bind("dtrsm_", OpenBlas.routine(11, 4));
        dsyrk = library.bind("dsyrk_", OpenBlas.routine(10, 2));
        dgemm = library.bind("dgemm_", OpenBlas.routine(13, 2));
    }

    /** A column-major block of memory with columns {@code stride} apart. */
    record Block(MemorySegment start, int stride) {
        static Block of(NativeMatrix matrix) {
            return new Block(matrix.segment(), matrix.rows());
        }
    }

    /** Cholesky factor of a block of order {@code n} in place, L L^T or U^T U; 0 or the order of the minor that fails. */
    int factorise(char triangle, int n, Block a) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(JAVA_INT);
            dpotrf.invokeExact(
                    letter(arena, triangle), number(arena, n), a.start(), number(arena, a.stride()), info, 1L);
            return LapackException.accepted("dpotrf", info, "n = " + n);
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }

    /** B = op(A)^-1 B or B op(A)^-1 for a triangle A and B of m x n. */
    void divide(char side, char triangle, char op, int m, int n, Block a, Block b) {
        try (Arena arena = Arena.ofConfined()) {
            dtrsm.invokeExact(
                    letter(arena, side),
                    letter(arena, triangle),
                    letter(arena, op),
                    letter(arena, 'N'), // the diagonal is not all ones
                    number(arena, m),
                    number(arena, n),
                    arena.allocateFrom(JAVA_DOUBLE, 1.0),
                    a.start(),
                    number(arena, a.stride()),
                    b.start(),
                    number(arena, b.stride()),
                    1L,
                    1L,
                    1L,
                    1L);
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }

    /** C += alpha A A^T (as it is: A is n x k) or alpha A^T A (transposed: A is k x n), one triangle of C. */
    void addSquare(char triangle, char op, int n, int k, double alpha, Block a, Block c) {
        try (Arena arena = Arena.ofConfined()) {
            dsyrk.invokeExact(
                    letter(arena, triangle),
                    letter(arena, op),
                    number(arena, n),
                    number(arena, k),
                    arena.allocateFrom(JAVA_DOUBLE, alpha),
                    a.start(),
                    number(arena, a.stride()),
                    arena.allocateFrom(JAVA_DOUBLE, 1.0),
                    c.start(),
                    number(arena, c.stride()),
                    1L,
                    1L);
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }

    /** C (m x n) = alpha op(A) op(B) + beta C; op(A) is m x k. */
    void product(char opA, char opB, int m, int n, int k, double alpha, Block a, Block b, double beta, Block c) {
        try (Arena arena = Arena.ofConfined()) {
            dgemm.invokeExact(
                    letter(arena, opA),
                    letter(arena, opB),
                    number(arena, m),
                    number(arena, n),
                    number(arena, k),
                    arena.allocateFrom(JAVA_DOUBLE, alpha),
                    a.start(),
                    number(arena, a.stride()),
                    b.start(),
                    number(arena, b.stride()),
                    arena.allocateFrom(JAVA_DOUBLE, beta),
                    c.start(),
                    number(arena, c.stride()),
                    1L,
                    1L);
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }

    private static MemorySegment letter(Arena arena, char letter) {
        return arena.allocateFrom(JAVA_BYTE, (byte) letter);
    }

    private static MemorySegment number(Arena arena, int value) {
        return arena.allocateFrom(JAVA_INT, value);
    }
}

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

/** The BLAS and LAPACK routines that work on blocks of a {@link PackedTriangle}, by their Fortran symbols. */
final class PackedLapack {
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
    private final MethodHandle dpftrs;
    private final MethodHandle dlacn2;

    PackedLapack(OpenBlas library) {
        dpotrf = library.bind("dpotrf_", routine(5, 1));
        dtrsm = library.bind("dtrsm_", routine(11, 4));
        dsyrk = library.bind("dsyrk_", routine(10, 2));
        dgemm = library.bind("dgemm_", routine(13, 2));
        dpftrs = library.bind("dpftrs_", routine(8, 2));
        dlacn2 = library.bind("dlacn2_", routine(7, 0));
    }

    /** A subroutine of {@code arguments} addresses and, behind them, the lengths of {@code strings} characters. */
    private static FunctionDescriptor routine(int arguments, int strings) {
        MemoryLayout[] layouts = new MemoryLayout[arguments + strings];
        Arrays.fill(layouts, 0, arguments, ADDRESS);
        Arrays.fill(layouts, arguments, layouts.length, JAVA_LONG);
        return FunctionDescriptor.ofVoid(layouts);
    }

    /** A column-major block of memory with columns {@code stride} apart. */
    record Block(MemorySegment start, int stride) {}

    /** Cholesky factor of a block of order {@code n} in place, L L^T or U^T U; 0 or the order of the minor that fails. */
    int factorise(char triangle, int n, Block a) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(JAVA_INT);
            dpotrf.invokeExact(
                    letter(arena, triangle), number(arena, n), a.start(), number(arena, a.stride()), info, 1L);
            return accepted("dpotrf", info, n);
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

    /** C -= A A^T (as it is: A is n x k) or A^T A (transposed: A is k x n), one triangle of C. */
    void subtractSquare(char triangle, char op, int n, int k, Block a, Block c) {
        try (Arena arena = Arena.ofConfined()) {
            dsyrk.invokeExact(
                    letter(arena, triangle),
                    letter(arena, op),
                    number(arena, n),
                    number(arena, k),
                    arena.allocateFrom(JAVA_DOUBLE, -1.0),
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

    /** C -= A B^T for A of m x k, B of n x k. */
    void subtractProduct(int m, int n, int k, Block a, Block b, Block c) {
        try (Arena arena = Arena.ofConfined()) {
            dgemm.invokeExact(
                    letter(arena, AS_IS),
                    letter(arena, TRANSPOSED),
                    number(arena, m),
                    number(arena, n),
                    number(arena, k),
                    arena.allocateFrom(JAVA_DOUBLE, -1.0),
                    a.start(),
                    number(arena, a.stride()),
                    b.start(),
                    number(arena, b.stride()),
                    arena.allocateFrom(JAVA_DOUBLE, 1.0),
                    c.start(),
                    number(arena, c.stride()),
                    1L,
                    1L);
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }

    /** B = (L L^T)^-1 B, {@code b} column-major n x {@code columns}. */
    void solve(PackedTriangle factor, int columns, MemorySegment b) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment n = number(arena, factor.size());
            MemorySegment info = arena.allocate(JAVA_INT);
            dpftrs.invokeExact(
                    letter(arena, AS_IS),
                    letter(arena, LOWER),
                    n,
                    number(arena, columns),
                    factor.segment(),
                    b,
                    n,
                    info,
                    1L,
                    1L);
            accepted("dpftrs", info, factor.size());
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }

    /**
     * Estimates |A^-1|_1 from the factor by a few solves (dlacn2: Higham 1988). Not dpocon, which knows full storage only.
     */
    double inverseOneNorm(PackedTriangle factor) {
        try (Arena arena = Arena.ofConfined()) {
            int size = factor.size();
            MemorySegment n = number(arena, size);
            MemorySegment v = arena.allocate(JAVA_DOUBLE, size);
            MemorySegment x = arena.allocate(JAVA_DOUBLE, size);
            MemorySegment signs = arena.allocate(JAVA_INT, size);
            MemorySegment estimate = arena.allocate(JAVA_DOUBLE);
            MemorySegment wish = arena.allocate(JAVA_INT);
            MemorySegment state = arena.allocate(JAVA_INT, 3);
            while (true) {
                dlacn2.invokeExact(n, v, x, signs, estimate, wish, state);
                if (wish.get(JAVA_INT, 0) == 0) {
                    return estimate.get(JAVA_DOUBLE, 0);
                }
                solve(factor, 1, x); // A^-1 x or A^-T x: the same
            }
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

    private static int accepted(String routine, MemorySegment info, int n) {
        int code = info.get(JAVA_INT, 0);
        if (code < 0) {
            throw new LapackException(routine, code, "n = " + n);
        }
        return code;
    }
}

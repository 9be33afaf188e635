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

/**
 * The LAPACK and BLAS routines that the solve needs, by their Fortran symbols, for whole matrices in lower storage.
 *
 * <p>Fortran takes every argument by address, and after the last one the length of each character argument. The
 * LAPACKE_* twins would be handier but crash past 2^31 elements; these do not.
 */
final class Lapack {
    private static final byte LOWER = 'L';
    private static final byte LEFT = 'L';
    private static final byte ONE_NORM = '1';
    private static final byte AS_IS = 'N';
    private static final byte TRANSPOSED = 'T';

    /** Numbers per row that dsyevr asks for at least. */
    private static final int WORK_DSYEVR = 26;

    private static final int INTEGER_WORK_DSYEVR = 10;

    private final MethodHandle dpotrf;
    private final MethodHandle dpotrs;
    private final MethodHandle dpocon;
    private final MethodHandle dlansy;
    private final MethodHandle dgemm;
    private final MethodHandle dsymm;
    private final MethodHandle dsyrk;
    private final MethodHandle dsyevd;
    private final MethodHandle dsyevr;

    Lapack(OpenBlas library) {
        dpotrf = library.bind("dpotrf_", routine(5, 1));
        dpotrs = library.bind("dpotrs_", routine(8, 1));
        dpocon = library.bind("dpocon_", routine(9, 1));
        dlansy = library.bind("dlansy_", routine(6, 2).changeReturnLayout(JAVA_DOUBLE));
        dgemm = library.bind("dgemm_", routine(13, 2));
        dsymm = library.bind("dsymm_", routine(12, 2));
        dsyrk = library.bind("dsyrk_", routine(10, 2));
        dsyevd = library.bind("dsyevd_", routine(11, 2));
        dsyevr = library.bind("dsyevr_", routine(21, 3));
    }

    /** A subroutine of {@code arguments} addresses and the lengths of {@code strings} characters. */
    private static FunctionDescriptor routine(int arguments, int strings) {
        MemoryLayout[] layouts = new MemoryLayout[arguments + strings];
        Arrays.fill(layouts, 0, arguments, ADDRESS);
        Arrays.fill(layouts, arguments, layouts.length, JAVA_LONG);
        return FunctionDescriptor.ofVoid(layouts);
    }

    /**
     * Cholesky factorisation A = L L^T of the lower triangle, in place.
     *
     * @return 0, or the order of the first leading minor that is not positive definite
     */
    int factorise(NativeMatrix a) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment n = arena.allocateFrom(JAVA_INT, a.rows());
            MemorySegment info = arena.allocate(JAVA_INT);
            dpotrf.invokeExact(arena.allocateFrom(JAVA_BYTE, LOWER), n, a.segment(), n, info, 1L);
            return accepted("dpotrf", info, "n = " + a.rows());
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }

    /** Solves L L^T X = B in place of B; {@code factor} as left by {@link #factorise}. */
    void solve(NativeMatrix factor, NativeMatrix rightSides) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment n = arena.allocateFrom(JAVA_INT, factor.rows());
            MemorySegment columns = arena.allocateFrom(JAVA_INT, rightSides.cols());
            MemorySegment info = arena.allocate(JAVA_INT);
            MemorySegment lower = arena.allocateFrom(JAVA_BYTE, LOWER);
            dpotrs.invokeExact(lower, n, columns, factor.segment(), n, rightSides.segment(), n, info, 1L);
            accepted("dpotrs", info, "n = " + factor.rows() + ", nrhs = " + rightSides.cols());
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }

    /** The 1-norm (largest column sum of magnitudes) of a symmetric matrix, read from its lower triangle. */
    double oneNorm(NativeMatrix a) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment n = arena.allocateFrom(JAVA_INT, a.rows());
            MemorySegment norm = arena.allocateFrom(JAVA_BYTE, ONE_NORM);
            MemorySegment lower = arena.allocateFrom(JAVA_BYTE, LOWER);
            MemorySegment work = arena.allocate(JAVA_DOUBLE, a.rows());
            return (double) dlansy.invokeExact(norm, lower, n, a.segment(), n, work, 1L, 1L);
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }

    /**
     * Estimates 1 / (|A|_1 |A^-1|_1) from the Cholesky factor (Higham's estimator: a lower bound on |A^-1|_1, almost
     * always within a factor 3).
     *
     * @param oneNorm |A|_1, taken before the factorisation
     */
    double reciprocalCondition(NativeMatrix factor, double oneNorm) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment n = arena.allocateFrom(JAVA_INT, factor.rows());
            MemorySegment lower = arena.allocateFrom(JAVA_BYTE, LOWER);
            MemorySegment norm = arena.allocateFrom(JAVA_DOUBLE, oneNorm);
            MemorySegment reciprocal = arena.allocate(JAVA_DOUBLE);
            MemorySegment work = arena.allocate(JAVA_DOUBLE, 3L * factor.rows());
            MemorySegment integerWork = arena.allocate(JAVA_INT, factor.rows());
            MemorySegment info = arena.allocate(JAVA_INT);
            dpocon.invokeExact(lower, n, factor.segment(), n, norm, reciprocal, work, integerWork, info, 1L);
            accepted("dpocon", info, "n = " + factor.rows() + ", anorm = " + oneNorm);
            return reciprocal.get(JAVA_DOUBLE, 0);
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }

    /**
     * C += A^T B for column-major blocks: {@code a} is k x m with columns {@code aStride} apart, {@code b} k x n, {@code c}
     * m x n without gaps.
     */
    void addTransposedProduct(int m, int n, int k, MemorySegment a, int aStride, MemorySegment b, MemorySegment c) {
        product(TRANSPOSED, AS_IS, m, n, k, 1, new Block(a, aStride), new Block(b, k), 1, new Block(c, m));
    }

    /** A column-major block of memory with columns {@code stride} apart. */
    record Block(MemorySegment start, int stride) {
        static Block of(NativeMatrix matrix) {
            return new Block(matrix.segment(), matrix.rows());
        }
    }

    /** C (m x n) = alpha op(A) B + beta C for blocks of memory; op(A) is m x k, and A is transposed if asked to. */
    void product(boolean aTransposed, int m, int n, int k, double alpha, Block a, Block b, double beta, Block c) {
        product(aTransposed ? TRANSPOSED : AS_IS, AS_IS, m, n, k, alpha, a, b, beta, c);
    }

    /** C = alpha op(A) op(B) + beta C, where op transposes if it is asked to. */
    void product(
            double alpha,
            NativeMatrix a,
            boolean aTransposed,
            NativeMatrix b,
            boolean bTransposed,
            double beta,
            NativeMatrix c) {
        product(
                aTransposed ? TRANSPOSED : AS_IS,
                bTransposed ? TRANSPOSED : AS_IS,
                c.rows(),
                c.cols(),
                aTransposed ? a.rows() : a.cols(),
                alpha,
                Block.of(a),
                Block.of(b),
                beta,
                Block.of(c));
    }

    private void product(
            byte opA, byte opB, int m, int n, int k, double alpha, Block a, Block b, double beta, Block c) {
        try (Arena arena = Arena.ofConfined()) {
            dgemm.invokeExact(
                    arena.allocateFrom(JAVA_BYTE, opA),
                    arena.allocateFrom(JAVA_BYTE, opB),
                    arena.allocateFrom(JAVA_INT, m),
                    arena.allocateFrom(JAVA_INT, n),
                    arena.allocateFrom(JAVA_INT, k),
                    arena.allocateFrom(JAVA_DOUBLE, alpha),
                    a.start(),
                    arena.allocateFrom(JAVA_INT, a.stride()),
                    b.start(),
                    arena.allocateFrom(JAVA_INT, b.stride()),
                    arena.allocateFrom(JAVA_DOUBLE, beta),
                    c.start(),
                    arena.allocateFrom(JAVA_INT, c.stride()),
                    1L,
                    1L);
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }

    /** C = alpha A B + beta C for a symmetric A, read from its lower triangle. */
    void symmetricProduct(double alpha, NativeMatrix a, NativeMatrix b, double beta, NativeMatrix c) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment n = arena.allocateFrom(JAVA_INT, a.rows());
            dsymm.invokeExact(
                    arena.allocateFrom(JAVA_BYTE, LEFT),
                    arena.allocateFrom(JAVA_BYTE, LOWER),
                    n,
                    arena.allocateFrom(JAVA_INT, c.cols()),
                    arena.allocateFrom(JAVA_DOUBLE, alpha),
                    a.segment(),
                    n,
                    b.segment(),
                    n,
                    arena.allocateFrom(JAVA_DOUBLE, beta),
                    c.segment(),
                    n,
                    1L,
                    1L);
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }

    /** The lower triangle of C += alpha A A^T, or alpha A^T A if {@code transposed}. */
    void addGram(double alpha, NativeMatrix a, boolean transposed, NativeMatrix c) {
        try (Arena arena = Arena.ofConfined()) {
            dsyrk.invokeExact(
                    arena.allocateFrom(JAVA_BYTE, LOWER),
                    arena.allocateFrom(JAVA_BYTE, transposed ? TRANSPOSED : AS_IS),
                    arena.allocateFrom(JAVA_INT, c.rows()),
                    arena.allocateFrom(JAVA_INT, transposed ? a.rows() : a.cols()),
                    arena.allocateFrom(JAVA_DOUBLE, alpha),
                    a.segment(),
                    arena.allocateFrom(JAVA_INT, a.rows()),
                    arena.allocateFrom(JAVA_DOUBLE, 1.0),
                    c.segment(),
                    arena.allocateFrom(JAVA_INT, c.rows()),
                    1L,
                    1L);
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }

    /**
     * Eigenvalues, ascending, and orthonormal eigenvectors of the symmetric matrix in the lower triangle of {@code a}.
     *
     * @param a receives the eigenvectors as columns
     */
    double[] eigen(NativeMatrix a) {
        int n = a.rows();
        int work = Math.toIntExact(1 + 6L * n + 2L * n * n); // what the routine asks for, as its documentation says
        int integerWork = 3 + 5 * n;
        try (Arena arena = Arena.ofConfined();
                NativeMatrix scratch = NativeMatrix.zeros(work, 1)) {
            MemorySegment order = arena.allocateFrom(JAVA_INT, n);
            MemorySegment values = arena.allocate(JAVA_DOUBLE, n);
            MemorySegment info = arena.allocate(JAVA_INT);
            dsyevd.invokeExact(
                    arena.allocateFrom(JAVA_BYTE, (byte) 'V'),
                    arena.allocateFrom(JAVA_BYTE, LOWER),
                    order,
                    a.segment(),
                    order,
                    values,
                    scratch.segment(),
                    arena.allocateFrom(JAVA_INT, work),
                    arena.allocate(JAVA_INT, integerWork),
                    arena.allocateFrom(JAVA_INT, integerWork),
                    info,
                    1L,
                    1L);
            int code = accepted("dsyevd", info, "n = " + n);
            if (code > 0) {
                throw new LapackException("dsyevd", code, "n = " + n);
            }
            return values.toArray(JAVA_DOUBLE);
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }

    /** Largest n whose workspace of 1 + 6n + 2n^2 numbers dsyevd can be told in a 32-bit integer. */
    static final int LARGEST_DSYEVD = 32766;

    /**
     * The {@code count} largest eigenvalues, ascending, and their orthonormal eigenvectors, by relatively robust
     * representations: no workspace of the size of the matrix, so any n.
     *
     * @param a lower triangle; destroyed
     * @param vectors n x count, receives the eigenvectors as columns
     */
    double[] largestEigen(NativeMatrix a, int count, NativeMatrix vectors) {
        int n = a.rows();
        int work = Math.multiplyExact(WORK_DSYEVR, n);
        int integerWork = Math.multiplyExact(INTEGER_WORK_DSYEVR, n);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment order = arena.allocateFrom(JAVA_INT, n);
            MemorySegment values = arena.allocate(JAVA_DOUBLE, n);
            MemorySegment zero = arena.allocateFrom(JAVA_DOUBLE, 0.0);
            MemorySegment found = arena.allocate(JAVA_INT);
            MemorySegment info = arena.allocate(JAVA_INT);
            dsyevr.invokeExact(
                    arena.allocateFrom(JAVA_BYTE, (byte) 'V'),
                    arena.allocateFrom(JAVA_BYTE, (byte) (count == n ? 'A' : 'I')),
                    arena.allocateFrom(JAVA_BYTE, LOWER),
                    order,
                    a.segment(),
                    order,
                    zero,
                    zero,
                    arena.allocateFrom(JAVA_INT, n - count + 1),
                    order,
                    zero,
                    found,
                    values,
                    vectors.segment(),
                    order,
                    arena.allocate(JAVA_INT, 2L * n),
                    arena.allocate(JAVA_DOUBLE, work),
                    arena.allocateFrom(JAVA_INT, work),
                    arena.allocate(JAVA_INT, integerWork),
                    arena.allocateFrom(JAVA_INT, integerWork),
                    info,
                    1L,
                    1L,
                    1L);
            int code = accepted("dsyevr", info, "n = " + n + ", the " + count + " largest");
            if (code > 0 || found.get(JAVA_INT, 0) != count) {
                throw new LapackException("dsyevr", code, "n = " + n + ", the " + count + " largest");
            }
            return values.asSlice(0, (long) count * Double.BYTES).toArray(JAVA_DOUBLE);
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }

    private static int accepted(String routine, MemorySegment info, String call) {
        int code = info.get(JAVA_INT, 0);
        if (code < 0) {
            throw new LapackException(routine, code, call);
        }
        return code;
    }
}

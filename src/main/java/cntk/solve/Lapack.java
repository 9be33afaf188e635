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
    private static final byte ONE_NORM = '1';

    private final MethodHandle dpotrf;
    private final MethodHandle dpotrs;
    private final MethodHandle dpocon;
    private final MethodHandle dlansy;
    private final MethodHandle dgemm;

    Lapack(OpenBlas library) {
        dpotrf = library.bind("dpotrf_", routine(5, 1));
        dpotrs = library.bind("dpotrs_", routine(8, 1));
        dpocon = library.bind("dpocon_", routine(9, 1));
        dlansy = library.bind("dlansy_", routine(6, 2).changeReturnLayout(JAVA_DOUBLE));
        dgemm = library.bind("dgemm_", routine(13, 2));
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
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment transposed = arena.allocateFrom(JAVA_BYTE, (byte) 'T');
            MemorySegment asIs = arena.allocateFrom(JAVA_BYTE, (byte) 'N');
            MemorySegment one = arena.allocateFrom(JAVA_DOUBLE, 1.0);
            MemorySegment inner = arena.allocateFrom(JAVA_INT, k);
            MemorySegment outputRows = arena.allocateFrom(JAVA_INT, m);
            MemorySegment outputCols = arena.allocateFrom(JAVA_INT, n);
            MemorySegment stride = arena.allocateFrom(JAVA_INT, aStride);
            dgemm.invokeExact(
                    transposed,
                    asIs,
                    outputRows,
                    outputCols,
                    inner,
                    one,
                    a,
                    stride,
                    b,
                    inner,
                    one,
                    c,
                    outputRows,
                    1L,
                    1L);
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

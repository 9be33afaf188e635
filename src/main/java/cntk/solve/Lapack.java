package cntk.solve;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import cntk.solve.BlockLapack.Block;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.function.Consumer;

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

    /** Numbers per row that dsyevr asks for at least. */
    private static final int WORK_DSYEVR = 26;

    private static final int INTEGER_WORK_DSYEVR = 10;

    private final BlockLapack blocks;
    private final MethodHandle dpotrs;
    private final MethodHandle dpocon;
    private final MethodHandle dlansy;
    private final MethodHandle dsymm;
    private final MethodHandle dsyevd;
    private final MethodHandle dsyevr;
    private final MethodHandle dlacn2;

    Lapack(OpenBlas library) {
        blocks = new BlockLapack(library);
        dpotrs = library.bind("dpotrs_", OpenBlas.routine(8, 1));
        dpocon = library.bind("dpocon_", OpenBlas.routine(9, 1));
        dlansy = library.bind("dlansy_", OpenBlas.routine(6, 2).changeReturnLayout(JAVA_DOUBLE));
        dsymm = library.bind("dsymm_", OpenBlas.routine(12, 2));
        dsyevd = library.bind("dsyevd_", OpenBlas.routine(11, 2));
        dsyevr = library.bind("dsyevr_", OpenBlas.routine(21, 3));
        dlacn2 = library.bind("dlacn2_", OpenBlas.routine(7, 0));
    }

    /**
     * Cholesky factorisation A = L L^T of the lower triangle, in place.
     *
     * @return 0, or the order of the first leading minor that is not positive definite
     */
    int factorise(NativeMatrix a) {
        return blocks.factorise(BlockLapack.LOWER, a.rows(), Block.of(a));
    }

    /** Solves L L^T X = B in place of B; {@code factor} as left by {@link #factorise}. */
    void solve(NativeMatrix factor, NativeMatrix rightSides) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment n = arena.allocateFrom(JAVA_INT, factor.rows());
            MemorySegment columns = arena.allocateFrom(JAVA_INT, rightSides.cols());
            MemorySegment info = arena.allocate(JAVA_INT);
            MemorySegment lower = arena.allocateFrom(JAVA_BYTE, LOWER);
            dpotrs.invokeExact(lower, n, columns, factor.segment(), n, rightSides.segment(), n, info, 1L);
            LapackException.accepted("dpotrs", info, "n = " + factor.rows() + ", nrhs = " + rightSides.cols());
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
            LapackException.accepted("dpocon", info, "n = " + factor.rows() + ", anorm = " + oneNorm);
            return reciprocal.get(JAVA_DOUBLE, 0);
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }

    /**
     * Estimates |A^-1|_1 of a symmetric A from a few solves (dlacn2, which is behind dpocon: Higham 1988, ACM Trans. Math. Softw. 14,
     * algorithm 4.1): at most the true value. For factors that dpocon cannot read.
     *
     * @param solve replaces an n x 1 matrix x by A^-1 x
     */
    double inverseOneNorm(int n, Consumer<NativeMatrix> solve) {
        try (Arena arena = Arena.ofConfined();
                NativeMatrix x = NativeMatrix.zeros(n, 1)) {
            MemorySegment size = arena.allocateFrom(JAVA_INT, n);
            MemorySegment v = arena.allocate(JAVA_DOUBLE, n);
            MemorySegment signs = arena.allocate(JAVA_INT, n);
            MemorySegment estimate = arena.allocate(JAVA_DOUBLE);
            MemorySegment wish = arena.allocate(JAVA_INT);
            MemorySegment state = arena.allocate(JAVA_INT, 3);
            while (true) {
                dlacn2.invokeExact(size, v, x.segment(), signs, estimate, wish, state);
                if (wish.get(JAVA_INT, 0) == 0) {
                    return estimate.get(JAVA_DOUBLE, 0);
                }
                solve.accept(x); // A^-1 x or A^-T x: the same
            }
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }

    /**
     * C += A^T B for column-major blocks: {@code a} is k x m with columns {@code aStride} apart, {@code b} k x n, {@code c}
     * m x n without gaps.
     */
    void addTransposedProduct(int m, int n, int k, MemorySegment a, int aStride, MemorySegment b, MemorySegment c) {
        product(true, m, n, k, 1, new Block(a, aStride), new Block(b, k), 1, new Block(c, m));
    }

    /** C (m x n) = alpha op(A) B + beta C for blocks of memory; op(A) is m x k, and A is transposed if asked to. */
    void product(boolean aTransposed, int m, int n, int k, double alpha, Block a, Block b, double beta, Block c) {
        blocks.product(op(aTransposed), BlockLapack.AS_IS, m, n, k, alpha, a, b, beta, c);
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
        blocks.product(
                op(aTransposed),
                op(bTransposed),
                c.rows(),
                c.cols(),
                aTransposed ? a.rows() : a.cols(),
                alpha,
                Block.of(a),
                Block.of(b),
                beta,
                Block.of(c));
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
        int k = transposed ? a.rows() : a.cols();
        blocks.addSquare(BlockLapack.LOWER, op(transposed), c.rows(), k, alpha, Block.of(a), Block.of(c));
    }

    /** B = L^-1 B, or L^-T B; L is k x k, its lower triangle counts, B k x any number of columns. */
    void divide(NativeMatrix lower, boolean transposed, NativeMatrix b) {
        blocks.divide(
                BlockLapack.LEFT, BlockLapack.LOWER, op(transposed), b.rows(), b.cols(), Block.of(lower), Block.of(b));
    }

    /** B = B L^-T for a block of {@code rows x lower.cols()}. */
    void divideFromRight(NativeMatrix lower, int rows, Block b) {
        blocks.divide(
                BlockLapack.RIGHT, BlockLapack.LOWER, BlockLapack.TRANSPOSED, rows, lower.cols(), Block.of(lower), b);
    }

    private static char op(boolean transposed) {
        return transposed ? BlockLapack.TRANSPOSED : BlockLapack.AS_IS;
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
            int code = LapackException.accepted("dsyevd", info, "n = " + n);
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
            int code = LapackException.accepted("dsyevr", info, "n = " + n + ", the " + count + " largest");
            if (code > 0 || found.get(JAVA_INT, 0) != count) {
                throw new LapackException("dsyevr", code, "n = " + n + ", the " + count + " largest");
            }
            return values.asSlice(0, (long) count * Double.BYTES).toArray(JAVA_DOUBLE);
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }
}

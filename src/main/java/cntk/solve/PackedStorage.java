package cntk.solve;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import cntk.solve.BlockLapack.Block;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The lower triangle in half the memory, {@link PackedTriangle}. The factorisation takes the steps of dpftrf,
 *
 * <pre>
 *   A11 = L11 L11^T,   L21 = A21 L11^-T,   A22 - L21 L21^T = L22 L22^T (kept as its transpose),
 * </pre>
 *
 * each cut into panels, so that it can say how far it is; dpftrf itself is one call of many minutes.
 */
final class PackedStorage implements CholeskyStorage {
    /** Some 50 panels at 50,000 images: ten seconds each, while a panel is a product that BLAS runs at full speed. */
    private static final int PANEL = 2048;

    private final Lapack lapack;
    private final BlockLapack blocks;
    private final MethodHandle dpftrs;
    private final PackedTriangle matrix;
    private final int panel;

    /** @throws MemoryShortageException when the matrix does not fit */
    PackedStorage(OpenBlas library, int size) {
        this(library, size, PANEL);
    }

    /** @param panel columns, or rows, of a panel */
    PackedStorage(OpenBlas library, int size, int panel) {
        this.lapack = new Lapack(library);
        this.blocks = new BlockLapack(library);
        this.dpftrs = library.bind("dpftrs_", OpenBlas.routine(8, 2));
        this.panel = panel;
        this.matrix = PackedTriangle.zeros(size);
    }

    @Override
    public int size() {
        return matrix.size();
    }

    @Override
    public double get(int row, int col) {
        return matrix.get(row, col);
    }

    @Override
    public void put(int col, int row, double[] values, int from, int count) {
        matrix.put(col, row, values, from, count);
    }

    @Override
    public void addToDiagonal(double value) {
        for (int i = 0; i < size(); i++) {
            matrix.set(i, i, matrix.get(i, i) + value);
        }
    }

    @Override
    public double trace() {
        double sum = 0;
        for (int i = 0; i < size(); i++) {
            sum += matrix.get(i, i);
        }
        return sum;
    }

    @Override
    public double oneNorm() {
        return matrix.oneNorm();
    }

    @Override
    public void solve(NativeMatrix rightSides) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment n = arena.allocateFrom(JAVA_INT, size());
            MemorySegment info = arena.allocate(JAVA_INT);
            dpftrs.invokeExact(
                    arena.allocateFrom(JAVA_BYTE, (byte) BlockLapack.AS_IS),
                    arena.allocateFrom(JAVA_BYTE, (byte) BlockLapack.LOWER),
                    n,
                    arena.allocateFrom(JAVA_INT, rightSides.cols()),
                    matrix.segment(),
                    rightSides.segment(),
                    n,
                    info,
                    1L,
                    1L);
            LapackException.accepted("dpftrs", info, "n = " + size());
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }

    @Override
    public double reciprocalCondition(double oneNorm) {
        double inverse = lapack.inverseOneNorm(size(), this::solve);
        return oneNorm > 0 && inverse > 0 ? 1 / oneNorm / inverse : 0;
    }

    @Override
    public int factorise(SolveListener listener) {
        Work work = new Work(listener, (double) size() * size() * size() / 3);
        int half = matrix.half();
        int rest = size() - half;
        int failing = factoriseLower(half, work);
        if (failing != 0 || rest == 0) {
            return failing;
        }
        divideBelow(half, rest, work);
        subtractSquare(half, rest, work);
        failing = factoriseUpper(half, rest, work);
        return failing == 0 ? 0 : half + failing;
    }

    /** A11 = L11 L11^T, right-looking: a panel, what stands below it, and the trailing triangle. */
    private int factoriseLower(int order, Work work) {
        for (int at = 0; at < order; at += panel) {
            int width = Math.min(panel, order - at);
            int below = order - at - width;
            int failing = blocks.factorise(BlockLapack.LOWER, width, block(at, at));
            if (failing != 0) {
                return at + failing;
            }
            if (below > 0) {
                Block beside = block(at + width, at);
                blocks.divide(
                        BlockLapack.RIGHT,
                        BlockLapack.LOWER,
                        BlockLapack.TRANSPOSED,
                        below,
                        width,
                        block(at, at),
                        beside);
                blocks.addSquare(
                        BlockLapack.LOWER, BlockLapack.AS_IS, below, width, -1, beside, block(at + width, at + width));
            }
            work.done(width, below);
        }
        return 0;
    }

    /** L21 = A21 L11^-T, some rows at a time. */
    private void divideBelow(int half, int rest, Work work) {
        for (int at = 0; at < rest; at += panel) {
            int rows = Math.min(panel, rest - at);
            blocks.divide(
                    BlockLapack.RIGHT,
                    BlockLapack.LOWER,
                    BlockLapack.TRANSPOSED,
                    rows,
                    half,
                    block(0, 0),
                    block(half + at, 0));
            work.done((double) rows * half * half);
        }
    }

    /** A22 -= L21 L21^T; A22 is kept transposed, an upper triangle, and goes some columns at a time. */
    private void subtractSquare(int half, int rest, Work work) {
        for (int at = 0; at < rest; at += panel) {
            int columns = Math.min(panel, rest - at);
            Block own = block(half + at, 0);
            if (at > 0) {
                blocks.product(
                        BlockLapack.AS_IS,
                        BlockLapack.TRANSPOSED,
                        at,
                        columns,
                        half,
                        -1,
                        block(half, 0),
                        own,
                        1,
                        block(half + at, half));
            }
            blocks.addSquare(BlockLapack.UPPER, BlockLapack.AS_IS, columns, half, -1, own, block(half + at, half + at));
            work.done((2.0 * at + columns) * columns * half);
        }
    }

    /** A22 = U^T U with U = L22^T, right-looking. */
    private int factoriseUpper(int half, int order, Work work) {
        for (int at = 0; at < order; at += panel) {
            int width = Math.min(panel, order - at);
            int behind = order - at - width;
            Block own = block(half + at, half + at);
            int failing = blocks.factorise(BlockLapack.UPPER, width, own);
            if (failing != 0) {
                return at + failing;
            }
            if (behind > 0) {
                Block beside = block(half + at + width, half + at); // U[at.., at+width..], kept transposed
                blocks.divide(BlockLapack.LEFT, BlockLapack.UPPER, BlockLapack.TRANSPOSED, width, behind, own, beside);
                blocks.addSquare(
                        BlockLapack.UPPER,
                        BlockLapack.TRANSPOSED,
                        behind,
                        width,
                        -1,
                        beside,
                        block(half + at + width, half + at + width));
            }
            work.done(width, behind);
        }
        return 0;
    }

    private Block block(int row, int col) {
        return new Block(matrix.from(row, col), matrix.stride());
    }

    @Override
    public void close() {
        matrix.close();
    }

    /** Counts floating-point operations; n^3/3 in all. */
    private static final class Work {
        private final SolveListener listener;
        private final double total;
        private double done;

        Work(SolveListener listener, double total) {
            this.listener = listener;
            this.total = total;
        }

        /** A panel of {@code width} columns and all that follows from it in the {@code behind} columns behind it. */
        void done(double width, double behind) {
            done(width * width * width / 3 + width * width * behind + width * behind * behind);
        }

        void done(double operations) {
            done += operations;
            listener.at(SolveListener.Stage.FACTORISE, Math.min(1, done / total));
        }
    }
}

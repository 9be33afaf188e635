package cntk.solve;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import cntk.plan.Tile;
import cntk.plan.TilePlan;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * One block of rows of K V, from the tiles of these rows and, by symmetry, those of these columns. Tiles are added in the order of
 * the plan, each by one call of BLAS on one thread: the bits are those of {@link TiledProduct}.
 */
public final class RowBlockProduct {
    private RowBlockProduct() {}

    /**
     * Computes it.
     *
     * @param kernel where the tiles are
     * @param block of rows, as the plan counts them
     * @param v n x columns, column by column
     * @return rows of the block x columns, column by column
     * @throws NonFiniteKernelException when K has NaN or infinite entries
     */
    public static double[] of(OpenBlas library, TiledMatrix kernel, int block, double[] v, int columns) {
        TilePlan plan = kernel.plan();
        int side = Math.min(plan.side(), plan.rows());
        int rows = plan.tile(block, block).rows();
        TileStream stream = new TileStream(kernel, () -> false);
        Lapack lapack = new Lapack(library);
        double[] values = stream.room();
        double[] sums = new double[Math.multiplyExact(rows, columns)];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment matrix = arena.allocate(JAVA_DOUBLE, values.length);
            MemorySegment factor = arena.allocate(JAVA_DOUBLE, (long) side * columns);
            MemorySegment part = arena.allocate(JAVA_DOUBLE, (long) side * columns);
            for (Tile tile : plan.tilesOf(block)) {
                stream.read(tile, values);
                MemorySegment.copy(values, 0, matrix, JAVA_DOUBLE, 0, tile.entries());
                boolean mine = tile.rowBlock() == block; // else K[c, r] = K[r, c]
                int inner = mine ? tile.cols() : tile.rows();
                gather(v, plan.rows(), mine ? tile.colBegin() : tile.rowBegin(), inner, columns, factor);
                BlockLapack.Block k = new BlockLapack.Block(matrix, tile.cols());
                lapack.product(
                        mine,
                        rows,
                        columns,
                        inner,
                        1,
                        k,
                        new BlockLapack.Block(factor, inner),
                        0,
                        new BlockLapack.Block(part, rows));
                for (int entry = 0; entry < sums.length; entry++) {
                    sums[entry] += part.getAtIndex(JAVA_DOUBLE, entry);
                }
            }
        }
        return sums;
    }

    private static void gather(double[] v, int n, int begin, int count, int columns, MemorySegment out) {
        for (int col = 0; col < columns; col++) {
            MemorySegment.copy(v, col * n + begin, out, JAVA_DOUBLE, (long) col * count * Double.BYTES, count);
        }
    }
}

package cntk.solve;

import cntk.plan.Tile;
import cntk.plan.TilePlan;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Scores = K_cross A, where K_cross (test x train) comes by tiles and is never in memory as a whole. */
public final class Predictor {
    private final Lapack lapack;

    public Predictor(OpenBlas library) {
        this.lapack = new Lapack(library);
    }

    /**
     * Streams the cross kernel once.
     *
     * @param cross tiles of K_cross: rows are test images, columns the training images in the order of A's rows
     * @param coefficients A, train x classes
     * @throws NonFiniteKernelException when K_cross has NaN or infinite entries
     */
    public Predictions predict(TilePlan cross, TileReader reader, NativeMatrix coefficients) {
        if (cross.symmetric() || cross.cols() != coefficients.rows()) {
            throw new IllegalArgumentException(
                    "cross kernel " + cross + " does not fit coefficients of " + coefficients.rows() + " images");
        }
        int classes = coefficients.cols();
        int largest = Math.multiplyExact(Math.min(cross.side(), cross.rows()), Math.min(cross.side(), cross.cols()));
        double[] values = new double[largest];
        try (Arena arena = Arena.ofConfined()) {
            // A column-major classes x test matrix is a row-major test x classes one.
            MemorySegment scores = arena.allocate(ValueLayout.JAVA_DOUBLE, (long) cross.rows() * classes);
            MemorySegment block = arena.allocate(ValueLayout.JAVA_DOUBLE, largest);
            for (Tile tile : cross.tiles()) { // of one row block always in the same order: same bits every time
                reader.read(tile, values);
                Finite.require("test kernel", tile, values);
                MemorySegment.copy(values, 0, block, ValueLayout.JAVA_DOUBLE, 0, tile.entries());
                accumulate(tile, block, coefficients, scores);
            }
            return new Predictions(classes, scores.toArray(ValueLayout.JAVA_DOUBLE));
        }
    }

    private void accumulate(Tile tile, MemorySegment block, NativeMatrix coefficients, MemorySegment scores) {
        MemorySegment trainRows = coefficients.segment().asSlice((long) tile.colBegin() * Double.BYTES);
        MemorySegment testRows = scores.asSlice((long) tile.rowBegin() * coefficients.cols() * Double.BYTES);
        lapack.addTransposedProduct(
                coefficients.cols(), tile.rows(), tile.cols(), trainRows, coefficients.rows(), block, testRows);
    }
}

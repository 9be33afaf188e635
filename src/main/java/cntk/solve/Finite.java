package cntk.solve;

import cntk.plan.Tile;
import java.util.concurrent.atomic.AtomicBoolean;

/** Looks for NaN and infinity. */
final class Finite {
    private Finite() {}

    static boolean all(double[] values, int from, int count) {
        double sum = 0;
        for (int index = from; index < from + count; index++) {
            sum += values[index] * 0.0; // 0 for a finite value, NaN for all others, and no branch in the loop
        }
        return sum == 0;
    }

    /** Reads an entry of a lower triangle. */
    @FunctionalInterface
    interface Entries {
        double get(int row, int col);
    }

    /**
     * Writes a training kernel out.
     *
     * @param written what stands in {@code sink} then
     * @throws NonFiniteKernelException for the first entry, in row order of the upper triangle, that is NaN or infinite
     */
    static void copy(KernelSource source, LowerTriangleSink sink, Entries written) {
        AtomicBoolean finite = new AtomicBoolean(true);
        source.writeTo((col, row, values, from, count) -> {
            sink.put(col, row, values, from, count);
            if (!all(values, from, count)) {
                finite.set(false);
            }
        });
        if (!finite.get()) {
            throw first(source.size(), written);
        }
    }

    /** The upper triangle stands in the columns of the lower one. */
    private static NonFiniteKernelException first(int size, Entries written) {
        for (int upperRow = 0; upperRow < size; upperRow++) {
            for (int upperCol = upperRow; upperCol < size; upperCol++) {
                double value = written.get(upperCol, upperRow);
                if (!Double.isFinite(value)) {
                    return new NonFiniteKernelException("training kernel", upperRow, upperCol, value);
                }
            }
        }
        throw new IllegalStateException("a kernel source wrote outside the lower triangle");
    }

    /** Throws {@link NonFiniteKernelException} for the first entry of the tile that is NaN or infinite. */
    static void require(String matrix, Tile tile, double[] values) {
        if (all(values, 0, tile.entries())) {
            return;
        }
        int index = 0;
        while (Double.isFinite(values[index])) {
            index++;
        }
        int row = tile.rowBegin() + index / tile.cols();
        int col = tile.colBegin() + index % tile.cols();
        throw new NonFiniteKernelException(matrix, row, col, values[index]);
    }
}

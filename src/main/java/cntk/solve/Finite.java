package cntk.solve;

import cntk.plan.Tile;

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

package cntk.gram;

import cntk.plan.Precision;
import cntk.plan.Tile;

/** What every store asks of a tile before it accepts it. */
final class CommitCheck {
    private CommitCheck() {}

    static void requirePlanned(GramSpec spec, Tile tile) {
        if (!spec.plan().contains(tile)) {
            throw new IllegalArgumentException("tile " + tile + " is not one of " + spec.plan());
        }
    }

    /** Finite, because NaN marks what is absent; floats in a float matrix, because rounding here would go unnoticed. */
    static void requireStorable(GramSpec spec, Tile tile, double[] values) {
        if (values.length < tile.entries()) {
            throw new IllegalArgumentException(
                    "tile " + tile + " has " + tile.entries() + " entries, got " + values.length);
        }
        boolean floats = spec.precision() == Precision.F32;
        for (int entry = 0; entry < tile.entries(); entry++) {
            double value = values[entry];
            if (!Double.isFinite(value) || (floats && (float) value != value)) {
                throw new IllegalArgumentException("K[" + (tile.rowBegin() + entry / tile.cols()) + ", "
                        + (tile.colBegin() + entry % tile.cols()) + "] = " + value + " is not a finite "
                        + (floats ? "float" : "number"));
            }
        }
    }
}

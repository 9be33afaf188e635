package cntk.backend.cpu;

import cntk.plan.Precision;

/** An array of floats or doubles whose element 0 stands on a cache line, so that whole vectors never straddle two. */
abstract sealed class Cells permits FloatCells, DoubleCells {
    static Cells of(Precision precision, int length) {
        return switch (precision) {
            case F32 -> new FloatCells(length);
            case F64 -> new DoubleCells(length);
        };
    }

    abstract int length();

    /** Rounds to the type of the array. */
    abstract void set(int index, double value);

    abstract double get(int index);

    abstract void copy(int from, int to, int length);

    /** Copies a range of another array of the same type. */
    abstract void copyFrom(Cells from, int fromIndex, int to, int length);

    /** Copies an array of the same type and length into this one. */
    abstract void copyAll(Cells from);

    abstract void zero(int from, int length);
}

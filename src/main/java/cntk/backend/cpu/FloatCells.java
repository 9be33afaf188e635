package cntk.backend.cpu;

import java.util.Arrays;

final class FloatCells extends Cells {
    /** 16 bytes of array header and 12 floats make 64 (with -XX:ObjectAlignmentInBytes=64). */
    static final int LEAD = 12;

    final float[] array;

    FloatCells(int length) {
        this.array = new float[LEAD + length];
    }

    @Override
    void set(int index, double value) {
        array[LEAD + index] = (float) value;
    }

    @Override
    double get(int index) {
        return array[LEAD + index];
    }

    @Override
    int length() {
        return array.length - LEAD;
    }

    @Override
    void copy(int from, int to, int length) {
        System.arraycopy(array, LEAD + from, array, LEAD + to, length);
    }

    @Override
    void copyFrom(Cells from, int fromIndex, int to, int length) {
        System.arraycopy(((FloatCells) from).array, LEAD + fromIndex, array, LEAD + to, length);
    }

    @Override
    void copyAll(Cells from) {
        System.arraycopy(((FloatCells) from).array, 0, array, 0, array.length);
    }

    @Override
    void zero(int from, int length) {
        Arrays.fill(array, LEAD + from, LEAD + from + length, 0f);
    }
}

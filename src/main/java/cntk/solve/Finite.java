package cntk.solve;

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
}

package cntk.solve;

/**
 * Gradient descent with steps of {@code rate}, with heavy-ball momentum (Polyak 1964) if asked; maths.md, eq. 47 and 48.
 *
 * @param rate learning rate, divided by images times outputs where the loss is a mean
 * @param momentum share of the last step that is taken again, 0 to 1 (excluded)
 */
public record GradientDescent(double rate, double momentum) implements Training {
    private static final int SIDE = 3;

    public GradientDescent {
        if (!(momentum >= 0 && momentum < 1)) {
            throw new IllegalArgumentException("momentum " + momentum);
        }
    }

    /** The largest rate is below this: 2 (1 + momentum) over the largest eigenvalue. */
    public static double maximalRate(double largestEigenvalue, double momentum) {
        return 2 * (1 + momentum) / largestEigenvalue;
    }

    @Override
    public boolean converges(double eigenvalue) {
        return eigenvalue > 0 && rate * eigenvalue < 2 * (1 + momentum);
    }

    @Override
    public double filter(double eigenvalue, double time) {
        if (Double.isInfinite(time)) {
            return converges(eigenvalue) ? 1 / eigenvalue : Double.NaN;
        }
        if (time != Math.rint(time) || time < 0 || time > Long.MAX_VALUE) {
            throw new IllegalArgumentException(time + " steps");
        }
        double step = rate * eigenvalue;
        if (momentum == 0 && step < 1) {
            return -Math.expm1(time * Math.log1p(-step)) / eigenvalue; // keeps the digits of 1 - (1 - step)^time
        }
        return steps(step, (long) time);
    }

    /**
     * The coefficient a after k steps of a' = a + rate (1 - e a) + momentum (a - a_before), from a = a_before = 0: the k-th
     * power of the map of (a, a_before, 1), by squaring. Working on a and not on the remainder loses no digits to 1 - r.
     */
    private double steps(double step, long count) {
        double[][] map = {{1 - step + momentum, -momentum, rate}, {1, 0, 0}, {0, 0, 1}};
        double[] state = {0, 0, 1};
        for (long left = count; left > 0; left >>= 1) {
            if ((left & 1) == 1) {
                state = times(map, state);
            }
            map = times(map, map);
        }
        return state[0];
    }

    private static double[] times(double[][] map, double[] state) {
        double[] out = new double[SIDE];
        for (int row = 0; row < SIDE; row++) {
            for (int k = 0; k < SIDE; k++) {
                out[row] += map[row][k] * state[k];
            }
        }
        return out;
    }

    private static double[][] times(double[][] left, double[][] right) {
        double[][] out = new double[SIDE][SIDE];
        for (int row = 0; row < SIDE; row++) {
            for (int col = 0; col < SIDE; col++) {
                for (int k = 0; k < SIDE; k++) {
                    out[row][col] += left[row][k] * right[k][col];
                }
            }
        }
        return out;
    }
}

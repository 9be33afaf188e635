package cntk.solve;

import java.util.Arrays;
import java.util.function.UnaryOperator;

/**
 * Estimates |A^-1|_1 of a symmetric A from a few solves: Higham's refinement of Hager's method (ACM Trans. Math. Softw. 14,
 * 1988, algorithm 4.1), step by step that of LAPACK's dlacn2, which is behind its condition numbers. At most the true value.
 */
final class InverseNorm {
    private static final int MOST_STEPS = 5;

    private final UnaryOperator<double[]> solve;
    private final int n;

    /** @param solve x to A^-1 x */
    private InverseNorm(int n, UnaryOperator<double[]> solve) {
        this.n = n;
        this.solve = solve;
    }

    static double estimate(int n, UnaryOperator<double[]> solve) {
        return new InverseNorm(n, solve).estimate();
    }

    private double estimate() {
        double[] x = new double[n];
        Arrays.fill(x, 1.0 / n);
        x = solve.apply(x);
        double estimate = norm(x);
        if (n == 1) {
            return estimate;
        }
        double[] signs = signs(x);
        int largest = largest(solve.apply(signs));
        for (int step = 2; step <= MOST_STEPS; step++) {
            double[] unit = new double[n];
            unit[largest] = 1;
            x = solve.apply(unit);
            double before = estimate;
            estimate = norm(x);
            double[] now = signs(x);
            if (Arrays.equals(now, signs) || estimate <= before) {
                break;
            }
            signs = now;
            double[] gradient = solve.apply(signs);
            int next = largest(gradient);
            if (gradient[largest] == Math.abs(gradient[next])) {
                break;
            }
            largest = next;
        }
        return Math.max(estimate, 2 * norm(solve.apply(alternating())) / (3.0 * n));
    }

    /** The vector for which the method above is at its worst. */
    private double[] alternating() {
        double[] x = new double[n];
        for (int i = 0; i < n; i++) {
            x[i] = (i % 2 == 0 ? 1 : -1) * (1 + i / (n - 1.0));
        }
        return x;
    }

    private static double norm(double[] x) {
        double sum = 0;
        for (double value : x) {
            sum += Math.abs(value);
        }
        return sum;
    }

    private static double[] signs(double[] x) {
        double[] signs = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            signs[i] = x[i] >= 0 ? 1 : -1;
        }
        return signs;
    }

    private static int largest(double[] x) {
        int largest = 0;
        for (int i = 1; i < x.length; i++) {
            if (Math.abs(x[i]) > Math.abs(x[largest])) {
                largest = i;
            }
        }
        return largest;
    }
}

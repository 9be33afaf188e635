package cntk.support;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleUnaryOperator;

/**
 * Means over a Gaussian pair by quadrature in polar coordinates, with the angles cut where either variable changes its sign:
 * exact to rounding also for functions with a kink or a jump at 0, where Gauss-Hermite points converge slowly.
 */
public final class GaussianPlane {
    private static final int ANGLE_NODES = 48;
    private static final int RADIUS_NODES = 24;
    private static final double LARGEST_RADIUS = 12; // exp(-72)
    private static final int RADIUS_PIECES = 24;

    private static final Map<Integer, double[][]> RULES = new ConcurrentHashMap<>();

    private GaussianPlane() {}

    /** E[f(u) f(v)] for variances q and q' and correlation c. */
    public static double mean(DoubleUnaryOperator f, double q, double otherQ, double c) {
        double between = Math.acos(c);
        double[] cuts = {-Math.PI / 2, Math.PI / 2, between - Math.PI / 2, between + Math.PI / 2, 3 * Math.PI / 2};
        Arrays.sort(cuts);
        double sum = 0;
        for (int piece = 0; piece + 1 < cuts.length; piece++) {
            sum += integral(
                    angle -> alongRay(f, Math.sqrt(q) * Math.cos(angle), Math.sqrt(otherQ) * Math.cos(angle - between)),
                    cuts[piece],
                    cuts[piece + 1],
                    ANGLE_NODES);
        }
        return sum / (2 * Math.PI);
    }

    /** The error function by its integral. */
    public static double erf(double x) {
        if (Math.abs(x) > 6) {
            return Math.signum(x);
        }
        double sum = 0;
        for (int piece = 0; piece < 4; piece++) {
            sum += integral(t -> Math.exp(-t * t), x * piece / 4, x * (piece + 1) / 4, 12);
        }
        return 2 / Math.sqrt(Math.PI) * sum;
    }

    private static double alongRay(DoubleUnaryOperator f, double u, double v) {
        double sum = 0;
        double width = LARGEST_RADIUS / RADIUS_PIECES;
        for (int piece = 0; piece < RADIUS_PIECES; piece++) {
            sum += integral(
                    r -> r * Math.exp(-r * r / 2) * f.applyAsDouble(r * u) * f.applyAsDouble(r * v),
                    piece * width,
                    (piece + 1) * width,
                    RADIUS_NODES / 2);
        }
        return sum;
    }

    /** Gauss-Legendre. */
    private static double integral(DoubleUnaryOperator f, double from, double to, int nodes) {
        double[][] rule = RULES.computeIfAbsent(nodes, GaussianPlane::legendre);
        double half = (to - from) / 2;
        double sum = 0;
        for (int node = 0; node < nodes; node++) {
            sum += rule[1][node] * f.applyAsDouble(from + half * (1 + rule[0][node]));
        }
        return half * sum;
    }

    /** Nodes and weights on [-1, 1], by Newton's method on the Legendre polynomial. */
    private static double[][] legendre(int nodes) {
        double[][] rule = new double[2][nodes];
        for (int node = 0; node < nodes; node++) {
            double x = Math.cos(Math.PI * (node + 0.75) / (nodes + 0.5));
            double slope = 1;
            for (int round = 0; round < 50; round++) {
                double before = 1;
                double value = x;
                for (int degree = 2; degree <= nodes; degree++) {
                    double next = ((2 * degree - 1) * x * value - (degree - 1) * before) / degree;
                    before = value;
                    value = next;
                }
                slope = nodes * (x * value - before) / (x * x - 1);
                x -= value / slope;
            }
            rule[0][node] = x;
            rule[1][node] = 2 / ((1 - x * x) * slope * slope);
        }
        return rule;
    }
}

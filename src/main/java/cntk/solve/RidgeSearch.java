package cntk.solve;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * Finds the smallest ridge with which a kernel matrix factorises, by trying: the smallest eigenvalue alone would not do,
 * since what rounding takes away in the factorisation is of the same size.
 *
 * <p>Needs no memory beside the matrix that failed: every attempt reads the kernel again. Attempts that fail stop at the
 * minor that fails and so cost less than a solve.
 */
final class RidgeSearch {
    /** Step of the search upwards. */
    static final int GROWTH = 8;

    /** Past this size the bracket is not narrowed: an attempt takes minutes, and the hint is an order of magnitude. */
    private static final int LARGEST_REFINED = 8192;

    private static final double RESOLUTION = 1.05;
    private static final double EPSILON = Math.ulp(1.0);

    /**
     * @param refined whether {@code ridge} is the smallest to two digits; else it is within a factor {@link #GROWTH}
     * @param conditionNumber 1-norm estimate for K + ridge I
     */
    record Result(double ridge, boolean refined, double conditionNumber) {}

    private final LoadedSystem kernel;
    private final SolveListener listener;
    private double conditionNumber = Double.POSITIVE_INFINITY;

    /** @param listener hears of every attempt */
    RidgeSearch(LoadedSystem kernel, SolveListener listener) {
        this.kernel = kernel;
        this.listener = listener;
    }

    /** Searches above {@code failing}, a ridge that was seen to fail; destroys the matrix in memory. */
    Result above(double failing) {
        kernel.load(listener);
        int n = kernel.matrix().size();
        double norm = kernel.matrix().oneNorm();
        double scale = Math.max(Math.abs(kernel.matrix().trace()) / n, norm / n);
        double low = failing;
        double high = Math.max(failing * GROWTH, EPSILON * (scale > 0 ? scale : 1)); // less would not change a diagonal
        while (!factorises(high)) {
            low = high;
            high *= GROWTH; // ends: every eigenvalue is above -norm
        }
        boolean refined = n <= LARGEST_REFINED;
        while (refined && low > 0 && high / low > RESOLUTION) {
            double middle = Math.sqrt(low) * Math.sqrt(high);
            if (factorises(middle)) {
                high = middle;
            } else {
                low = middle;
            }
        }
        double rounded = roundedUp(high);
        while (!factorises(rounded)) { // near the border rounding decides, and not monotonically
            rounded = roundedUp(rounded * RESOLUTION);
        }
        return new Result(rounded, refined, conditionNumber);
    }

    private boolean factorises(double ridge) {
        kernel.load(listener);
        kernel.matrix().addToDiagonal(ridge);
        double norm = kernel.matrix().oneNorm();
        if (kernel.matrix().factorise(listener) != 0) {
            return false;
        }
        conditionNumber = 1 / kernel.matrix().reciprocalCondition(norm);
        return true;
    }

    /** To two digits, upwards. */
    static double roundedUp(double value) {
        return new BigDecimal(value)
                .round(new MathContext(2, RoundingMode.CEILING))
                .doubleValue();
    }
}

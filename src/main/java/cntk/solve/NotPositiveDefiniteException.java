package cntk.solve;

import java.util.Locale;

/** K + ridge I has no Cholesky factor; says where it fails and which ridge was seen to help. */
public final class NotPositiveDefiniteException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final double ridge;
    private final int leadingMinor;
    private final double helpfulRidge;

    NotPositiveDefiniteException(double ridge, int leadingMinor, String cause, RidgeSearch.Result help) {
        super(String.format(
                Locale.ROOT,
                "the training kernel with ridge %s is not positive definite: its leading minor of order %d fails at training image %d (counted from 0)%s\n"
                        + "hint: ridge %s is %s that lets the factorisation succeed (condition then %.0e); a larger one gives steadier predictions",
                plain(ridge),
                leadingMinor,
                leadingMinor - 1,
                cause,
                plain(help.ridge()),
                help.refined() ? "the smallest" : "within a factor " + RidgeSearch.GROWTH + " of the smallest",
                help.conditionNumber()));
        this.ridge = ridge;
        this.leadingMinor = leadingMinor;
        this.helpfulRidge = help.ridge();
    }

    /** The ridge that was asked for. */
    public double ridge() {
        return ridge;
    }

    /** Order of the first leading minor that is not positive definite; its last row is training image order - 1. */
    public int leadingMinor() {
        return leadingMinor;
    }

    /** The smallest ridge that works, rounded up to two digits; a factorisation with exactly this value was made. */
    public double helpfulRidge() {
        return helpfulRidge;
    }

    private static String plain(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e6
                ? Long.toString((long) value)
                : Double.toString(value);
    }
}

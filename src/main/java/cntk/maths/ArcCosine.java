package cntk.maths;

/**
 * The normalised arc-cosine kernels of Cho and Saul 2009 in double precision: the moments of ReLU and of its derivative
 * under a Gaussian pair of unit variance and correlation c (maths.md eq. 5 and 6).
 *
 * <p>Limits are exact: k0(-1) = k1(-1) = 0, k0(1) = k1(1) = 1, k0(0) = 1/2.
 */
public final class ArcCosine {
    private static final double SMALLEST_SAFE = 0x1p-960;
    private static final double LARGEST_SAFE = 0x1p960;

    private ArcCosine() {}

    /** (pi - acos c) / pi = 2 E[step(u) step(v)], for c from -1 to 1. */
    public static double k0(double c) {
        return (Math.PI - Math.acos(c)) / Math.PI;
    }

    /** (sqrt(1 - c^2) + c (pi - acos c)) / pi = 2 E[relu(u) relu(v)], for c from -1 to 1. */
    public static double k1(double c) {
        return k1(c, k0(c));
    }

    /** k1 of c, whose k0 is known: the arc cosine, by far the dearest part, is in both. */
    static double k1(double c, double k0) {
        double sine = Math.sqrt((1 - c) * (1 + c)); // not 1 - c c, which loses half the digits near 1
        return sine / Math.PI + c * k0;
    }

    /**
     * sqrt(q q'), the scale of a pair with variances q and q'. One root of the product, because then q = q' gives q itself
     * and the correlation of equal values is exactly 1; both are brought near 1 by powers of four where the product would
     * leave the range of a double.
     */
    public static double scale(double q, double otherQ) {
        double product = q * otherQ;
        if (product > SMALLEST_SAFE && product < LARGEST_SAFE) {
            return Math.sqrt(product);
        }
        int half = Math.getExponent(q) / 2;
        int otherHalf = Math.getExponent(otherQ) / 2;
        double root = Math.sqrt(Math.scalb(q, -2 * half) * Math.scalb(otherQ, -2 * otherHalf));
        return Math.scalb(root, half + otherHalf);
    }

    /** covariance / scale within -1..1 (rounding alone can exceed it), 0 where the scale is 0 (maths.md eq. 7). */
    public static double correlation(double covariance, double scale) {
        return scale == 0 ? 0 : Math.clamp(covariance / scale, -1.0, 1.0);
    }
}

package cntk.backend.cpu;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * sin, the radial basis function and the normalised Gaussian of a row whose window sums are there already. All need exp(-x) for
 * x >= 0: with k the whole number next to -x / ln 2 and r = -x - k ln 2, it is 2^k + 2^k (e^r - 1), and e^r - 1 = r E(r) keeps its digits
 * near 0. Past 709 it is 0. The Vector API's own EXP calls a library, another on every platform.
 *
 * <p>The tables hold the variances q of both images in units of S ({@link ActivationFactors}), for the Gaussian L and 1 / L.
 */
final class DoubleExponentialLoops {
    private static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int LEAD = DoubleCells.LEAD;
    private static final int COLUMN = 2 * LANES;

    private static final long MOST = Double.doubleToRawLongBits(709);
    private static final double LOG2_E = (1 / Math.log(2));
    /** Added to a small number, it leaves that number rounded to a whole one in the last bits. */
    private static final double SHIFT = 0x1.8p52;
    // ln 2 in two parts, the first short enough that its product with k is exact
    private static final double LN2_HIGH = 0.6931471803691238;
    private static final double LN2_LOW = 1.9082149292705877e-10;

    // (e^r - 1) / r for |r| <= ln(2)/2, interpolated at Chebyshev points in 60 digits: 2.0e-17 relative at worst.
    private static final double E0 = 1.0;
    private static final double E1 = 0.5000000000000006;
    private static final double E2 = 0.1666666666666667;
    private static final double E3 = 0.04166666666657314;
    private static final double E4 = 0.008333333333326141;
    private static final double E5 = 0.0013888888932488599;
    private static final double E6 = 0.00019841269874800493;
    private static final double E7 = 2.4801504346997686e-05;
    private static final double E8 = 2.7557255425746435e-06;
    private static final double E9 = 2.7626357241447223e-07;
    private static final double E10 = 2.510520637395701e-08;

    private DoubleExponentialLoops() {}

    /**
     * S := sign(s) (f - f h) / 2 n with f = exp(|K| - (q + q')/2), h = exp(-2 |K|), K = unit s; w = (f + f h) / 2 m. maths.md eq. 26.
     *
     * @param unit of K
     * @param value n
     * @param slope m
     */
    static void sinRow(
            double[] sum,
            double[] x,
            int out,
            double[] la,
            int pa,
            double[] lb,
            int pb,
            int step,
            int inverseOffset,
            int width,
            double unit,
            double value,
            double slope) {
        for (int j = 0; j < width; j++) {
            DoubleVector s = DoubleVector.fromArray(SPECIES, sum, LEAD + j * COLUMN);
            DoubleVector t = DoubleVector.fromArray(SPECIES, sum, LEAD + j * COLUMN + LANES);
            DoubleVector y = DoubleVector.fromArray(SPECIES, lb, pb + j * step)
                    .add(DoubleVector.fromArray(SPECIES, la, pa + j * COLUMN))
                    .mul(DoubleVector.broadcast(SPECIES, 0.5))
                    .sub(s.abs())
                    .mul(DoubleVector.broadcast(SPECIES, unit))
                    .reinterpretAsLongs()
                    .max(0)
                    .min(MOST)
                    .reinterpretAsDoubles();
            DoubleVector k = y.fma(DoubleVector.broadcast(SPECIES, -LOG2_E), DoubleVector.broadcast(SPECIES, SHIFT));
            DoubleVector power = k.reinterpretAsLongs()
                    .add(1023)
                    .lanewise(VectorOperators.LSHL, 52)
                    .reinterpretAsDoubles();
            DoubleVector rn = DoubleVector.broadcast(SPECIES, SHIFT).sub(k);
            DoubleVector r = rn.fma(
                    DoubleVector.broadcast(SPECIES, LN2_LOW),
                    rn.fma(DoubleVector.broadcast(SPECIES, LN2_HIGH), y.neg()));
            DoubleVector grown = DoubleVector.broadcast(SPECIES, E10)
                    .fma(r, DoubleVector.broadcast(SPECIES, E9))
                    .fma(r, DoubleVector.broadcast(SPECIES, E8))
                    .fma(r, DoubleVector.broadcast(SPECIES, E7))
                    .fma(r, DoubleVector.broadcast(SPECIES, E6))
                    .fma(r, DoubleVector.broadcast(SPECIES, E5))
                    .fma(r, DoubleVector.broadcast(SPECIES, E4))
                    .fma(r, DoubleVector.broadcast(SPECIES, E3))
                    .fma(r, DoubleVector.broadcast(SPECIES, E2))
                    .fma(r, DoubleVector.broadcast(SPECIES, E1))
                    .fma(r, DoubleVector.broadcast(SPECIES, E0))
                    .mul(r)
                    .mul(power);
            DoubleVector f = power.add(grown).mul(DoubleVector.broadcast(SPECIES, 0.5));
            DoubleVector y2 = s.abs()
                    .mul(DoubleVector.broadcast(SPECIES, 2 * unit))
                    .reinterpretAsLongs()
                    .max(0)
                    .min(MOST)
                    .reinterpretAsDoubles();
            DoubleVector k2 = y2.fma(DoubleVector.broadcast(SPECIES, -LOG2_E), DoubleVector.broadcast(SPECIES, SHIFT));
            DoubleVector power2 = k2.reinterpretAsLongs()
                    .add(1023)
                    .lanewise(VectorOperators.LSHL, 52)
                    .reinterpretAsDoubles();
            DoubleVector r2n = DoubleVector.broadcast(SPECIES, SHIFT).sub(k2);
            DoubleVector r2 = r2n.fma(
                    DoubleVector.broadcast(SPECIES, LN2_LOW),
                    r2n.fma(DoubleVector.broadcast(SPECIES, LN2_HIGH), y2.neg()));
            DoubleVector grown2 = DoubleVector.broadcast(SPECIES, E10)
                    .fma(r2, DoubleVector.broadcast(SPECIES, E9))
                    .fma(r2, DoubleVector.broadcast(SPECIES, E8))
                    .fma(r2, DoubleVector.broadcast(SPECIES, E7))
                    .fma(r2, DoubleVector.broadcast(SPECIES, E6))
                    .fma(r2, DoubleVector.broadcast(SPECIES, E5))
                    .fma(r2, DoubleVector.broadcast(SPECIES, E4))
                    .fma(r2, DoubleVector.broadcast(SPECIES, E3))
                    .fma(r2, DoubleVector.broadcast(SPECIES, E2))
                    .fma(r2, DoubleVector.broadcast(SPECIES, E1))
                    .fma(r2, DoubleVector.broadcast(SPECIES, E0))
                    .mul(r2)
                    .mul(power2);
            DoubleVector less = DoubleVector.broadcast(SPECIES, 1.0).sub(power2).sub(grown2);
            DoubleVector n = f.mul(less)
                    .mul(DoubleVector.broadcast(SPECIES, value))
                    .reinterpretAsLongs()
                    .lanewise(VectorOperators.XOR, s.reinterpretAsLongs().and(DoubleReluLoops.SIGN))
                    .reinterpretAsDoubles();
            DoubleVector w = power2.add(grown2).fma(f, f).mul(DoubleVector.broadcast(SPECIES, slope));
            n.intoArray(x, out + j * COLUMN);
            t.fma(w, n).intoArray(x, out + j * COLUMN + LANES);
        }
    }

    /**
     * S := exp(-gamma (q + q' - 2 s)) n, w = that times m; maths.md eq. 27.
     *
     * @param gamma in units of 1 / S
     * @param value n
     * @param slope m
     */
    static void rbfRow(
            double[] sum,
            double[] x,
            int out,
            double[] la,
            int pa,
            double[] lb,
            int pb,
            int step,
            int inverseOffset,
            int width,
            double gamma,
            double value,
            double slope) {
        for (int j = 0; j < width; j++) {
            DoubleVector s = DoubleVector.fromArray(SPECIES, sum, LEAD + j * COLUMN);
            DoubleVector t = DoubleVector.fromArray(SPECIES, sum, LEAD + j * COLUMN + LANES);
            DoubleVector y = DoubleVector.fromArray(SPECIES, lb, pb + j * step)
                    .add(DoubleVector.fromArray(SPECIES, la, pa + j * COLUMN))
                    .sub(s.add(s))
                    .mul(DoubleVector.broadcast(SPECIES, gamma))
                    .reinterpretAsLongs()
                    .max(0)
                    .min(MOST)
                    .reinterpretAsDoubles();
            DoubleVector k = y.fma(DoubleVector.broadcast(SPECIES, -LOG2_E), DoubleVector.broadcast(SPECIES, SHIFT));
            DoubleVector power = k.reinterpretAsLongs()
                    .add(1023)
                    .lanewise(VectorOperators.LSHL, 52)
                    .reinterpretAsDoubles();
            DoubleVector rn = DoubleVector.broadcast(SPECIES, SHIFT).sub(k);
            DoubleVector r = rn.fma(
                    DoubleVector.broadcast(SPECIES, LN2_LOW),
                    rn.fma(DoubleVector.broadcast(SPECIES, LN2_HIGH), y.neg()));
            DoubleVector grown = DoubleVector.broadcast(SPECIES, E10)
                    .fma(r, DoubleVector.broadcast(SPECIES, E9))
                    .fma(r, DoubleVector.broadcast(SPECIES, E8))
                    .fma(r, DoubleVector.broadcast(SPECIES, E7))
                    .fma(r, DoubleVector.broadcast(SPECIES, E6))
                    .fma(r, DoubleVector.broadcast(SPECIES, E5))
                    .fma(r, DoubleVector.broadcast(SPECIES, E4))
                    .fma(r, DoubleVector.broadcast(SPECIES, E3))
                    .fma(r, DoubleVector.broadcast(SPECIES, E2))
                    .fma(r, DoubleVector.broadcast(SPECIES, E1))
                    .fma(r, DoubleVector.broadcast(SPECIES, E0))
                    .mul(r)
                    .mul(power);
            DoubleVector f = power.add(grown);
            DoubleVector n = f.mul(DoubleVector.broadcast(SPECIES, value));
            DoubleVector w = f.mul(DoubleVector.broadcast(SPECIES, slope));
            n.intoArray(x, out + j * COLUMN);
            t.fma(w, n).intoArray(x, out + j * COLUMN + LANES);
        }
    }

    /** S := L L' exp(gamma (c - 1)) with c = s / (L L'); there is no tangent kernel. maths.md eq. 28. */
    static void gaussianRow(
            double[] sum,
            double[] x,
            int out,
            double[] la,
            int pa,
            double[] lb,
            int pb,
            int step,
            int inverseOffset,
            int width,
            double gamma) {
        for (int j = 0; j < width; j++) {
            DoubleVector s = DoubleVector.fromArray(SPECIES, sum, LEAD + j * COLUMN);
            DoubleVector ll = DoubleVector.fromArray(SPECIES, lb, pb + j * step)
                    .mul(DoubleVector.fromArray(SPECIES, la, pa + j * COLUMN));
            DoubleVector y = ll.sub(s)
                    .mul(DoubleVector.fromArray(SPECIES, lb, pb + j * step + inverseOffset)
                            .mul(DoubleVector.fromArray(SPECIES, la, pa + j * COLUMN + LANES)))
                    .mul(DoubleVector.broadcast(SPECIES, gamma))
                    .reinterpretAsLongs()
                    .max(0)
                    .min(MOST)
                    .reinterpretAsDoubles();
            DoubleVector k = y.fma(DoubleVector.broadcast(SPECIES, -LOG2_E), DoubleVector.broadcast(SPECIES, SHIFT));
            DoubleVector power = k.reinterpretAsLongs()
                    .add(1023)
                    .lanewise(VectorOperators.LSHL, 52)
                    .reinterpretAsDoubles();
            DoubleVector rn = DoubleVector.broadcast(SPECIES, SHIFT).sub(k);
            DoubleVector r = rn.fma(
                    DoubleVector.broadcast(SPECIES, LN2_LOW),
                    rn.fma(DoubleVector.broadcast(SPECIES, LN2_HIGH), y.neg()));
            DoubleVector grown = DoubleVector.broadcast(SPECIES, E10)
                    .fma(r, DoubleVector.broadcast(SPECIES, E9))
                    .fma(r, DoubleVector.broadcast(SPECIES, E8))
                    .fma(r, DoubleVector.broadcast(SPECIES, E7))
                    .fma(r, DoubleVector.broadcast(SPECIES, E6))
                    .fma(r, DoubleVector.broadcast(SPECIES, E5))
                    .fma(r, DoubleVector.broadcast(SPECIES, E4))
                    .fma(r, DoubleVector.broadcast(SPECIES, E3))
                    .fma(r, DoubleVector.broadcast(SPECIES, E2))
                    .fma(r, DoubleVector.broadcast(SPECIES, E1))
                    .fma(r, DoubleVector.broadcast(SPECIES, E0))
                    .mul(r)
                    .mul(power);
            DoubleVector n = ll.mul(power.add(grown));
            n.intoArray(x, out + j * COLUMN);
            DoubleVector.broadcast(SPECIES, Double.NaN).intoArray(x, out + j * COLUMN + LANES);
        }
    }
}

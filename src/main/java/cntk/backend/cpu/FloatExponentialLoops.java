package cntk.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * sin, the radial basis function and the normalised Gaussian of a row whose window sums are there already. All need exp(-x) for
 * x >= 0: with k the whole number next to -x / ln 2 and r = -x - k ln 2, it is 2^k + 2^k (e^r - 1), and e^r - 1 = r E(r) keeps its digits
 * near 0. Past 88 it is 0. The Vector API's own EXP calls a library, another on every platform.
 *
 * <p>The tables hold the variances q of both images in units of S ({@link ActivationFactors}), for the Gaussian L and 1 / L.
 */
final class FloatExponentialLoops {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int LEAD = FloatCells.LEAD;
    private static final int COLUMN = 2 * LANES;

    private static final int MOST = Float.floatToRawIntBits(88);
    private static final float LOG2_E = (float) (1 / Math.log(2));
    /** Added to a small number, it leaves that number rounded to a whole one in the last bits. */
    private static final float SHIFT = 0x1.8p23f;
    // ln 2 in two parts, the first short enough that its product with k is exact
    private static final float LN2_HIGH = 0.693145751953125f;
    private static final float LN2_LOW = 1.42860682e-6f;

    // (e^r - 1) / r for |r| <= ln(2)/2, interpolated at Chebyshev points in 60 digits: 1.2e-8 relative at worst.
    private static final float E0 = 1f;
    private static final float E1 = 0.5f;
    private static final float E2 = 0.166665047f;
    private static final float E3 = 0.0416664667f;
    private static final float E4 = 0.00836914871f;
    private static final float E5 = 0.00139336416f;

    private FloatExponentialLoops() {}

    /**
     * S := sign(s) (f - f h) / 2 n with f = exp(|K| - (q + q')/2), h = exp(-2 |K|), K = unit s; w = (f + f h) / 2 m. maths.md eq. 26.
     *
     * @param unit of K
     * @param value n
     * @param slope m
     */
    static void sinRow(
            float[] sum,
            float[] x,
            int out,
            float[] la,
            int pa,
            float[] lb,
            int pb,
            int step,
            int inverseOffset,
            int width,
            float unit,
            float value,
            float slope) {
        for (int j = 0; j < width; j++) {
            FloatVector s = FloatVector.fromArray(SPECIES, sum, LEAD + j * COLUMN);
            FloatVector t = FloatVector.fromArray(SPECIES, sum, LEAD + j * COLUMN + LANES);
            FloatVector y = FloatVector.fromArray(SPECIES, lb, pb + j * step)
                    .add(FloatVector.broadcast(SPECIES, la[pa + 2 * j]))
                    .mul(FloatVector.broadcast(SPECIES, 0.5f))
                    .sub(s.abs())
                    .mul(FloatVector.broadcast(SPECIES, unit))
                    .reinterpretAsInts()
                    .max(0)
                    .min(MOST)
                    .reinterpretAsFloats();
            FloatVector k = y.fma(FloatVector.broadcast(SPECIES, -LOG2_E), FloatVector.broadcast(SPECIES, SHIFT));
            FloatVector power = k.reinterpretAsInts()
                    .add(127)
                    .lanewise(VectorOperators.LSHL, 23)
                    .reinterpretAsFloats();
            FloatVector rn = FloatVector.broadcast(SPECIES, SHIFT).sub(k);
            FloatVector r = rn.fma(
                    FloatVector.broadcast(SPECIES, LN2_LOW), rn.fma(FloatVector.broadcast(SPECIES, LN2_HIGH), y.neg()));
            FloatVector grown = FloatVector.broadcast(SPECIES, E5)
                    .fma(r, FloatVector.broadcast(SPECIES, E4))
                    .fma(r, FloatVector.broadcast(SPECIES, E3))
                    .fma(r, FloatVector.broadcast(SPECIES, E2))
                    .fma(r, FloatVector.broadcast(SPECIES, E1))
                    .fma(r, FloatVector.broadcast(SPECIES, E0))
                    .mul(r)
                    .mul(power);
            FloatVector f = power.add(grown).mul(FloatVector.broadcast(SPECIES, 0.5f));
            FloatVector y2 = s.abs()
                    .mul(FloatVector.broadcast(SPECIES, 2 * unit))
                    .reinterpretAsInts()
                    .max(0)
                    .min(MOST)
                    .reinterpretAsFloats();
            FloatVector k2 = y2.fma(FloatVector.broadcast(SPECIES, -LOG2_E), FloatVector.broadcast(SPECIES, SHIFT));
            FloatVector power2 = k2.reinterpretAsInts()
                    .add(127)
                    .lanewise(VectorOperators.LSHL, 23)
                    .reinterpretAsFloats();
            FloatVector r2n = FloatVector.broadcast(SPECIES, SHIFT).sub(k2);
            FloatVector r2 = r2n.fma(
                    FloatVector.broadcast(SPECIES, LN2_LOW),
                    r2n.fma(FloatVector.broadcast(SPECIES, LN2_HIGH), y2.neg()));
            FloatVector grown2 = FloatVector.broadcast(SPECIES, E5)
                    .fma(r2, FloatVector.broadcast(SPECIES, E4))
                    .fma(r2, FloatVector.broadcast(SPECIES, E3))
                    .fma(r2, FloatVector.broadcast(SPECIES, E2))
                    .fma(r2, FloatVector.broadcast(SPECIES, E1))
                    .fma(r2, FloatVector.broadcast(SPECIES, E0))
                    .mul(r2)
                    .mul(power2);
            FloatVector less = FloatVector.broadcast(SPECIES, 1f).sub(power2).sub(grown2);
            FloatVector n = f.mul(less)
                    .mul(FloatVector.broadcast(SPECIES, value))
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.XOR, s.reinterpretAsInts().and(FloatReluLoops.SIGN))
                    .reinterpretAsFloats();
            FloatVector w = power2.add(grown2).fma(f, f).mul(FloatVector.broadcast(SPECIES, slope));
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
            float[] sum,
            float[] x,
            int out,
            float[] la,
            int pa,
            float[] lb,
            int pb,
            int step,
            int inverseOffset,
            int width,
            float gamma,
            float value,
            float slope) {
        for (int j = 0; j < width; j++) {
            FloatVector s = FloatVector.fromArray(SPECIES, sum, LEAD + j * COLUMN);
            FloatVector t = FloatVector.fromArray(SPECIES, sum, LEAD + j * COLUMN + LANES);
            FloatVector y = FloatVector.fromArray(SPECIES, lb, pb + j * step)
                    .add(FloatVector.broadcast(SPECIES, la[pa + 2 * j]))
                    .sub(s.add(s))
                    .mul(FloatVector.broadcast(SPECIES, gamma))
                    .reinterpretAsInts()
                    .max(0)
                    .min(MOST)
                    .reinterpretAsFloats();
            FloatVector k = y.fma(FloatVector.broadcast(SPECIES, -LOG2_E), FloatVector.broadcast(SPECIES, SHIFT));
            FloatVector power = k.reinterpretAsInts()
                    .add(127)
                    .lanewise(VectorOperators.LSHL, 23)
                    .reinterpretAsFloats();
            FloatVector rn = FloatVector.broadcast(SPECIES, SHIFT).sub(k);
            FloatVector r = rn.fma(
                    FloatVector.broadcast(SPECIES, LN2_LOW), rn.fma(FloatVector.broadcast(SPECIES, LN2_HIGH), y.neg()));
            FloatVector grown = FloatVector.broadcast(SPECIES, E5)
                    .fma(r, FloatVector.broadcast(SPECIES, E4))
                    .fma(r, FloatVector.broadcast(SPECIES, E3))
                    .fma(r, FloatVector.broadcast(SPECIES, E2))
                    .fma(r, FloatVector.broadcast(SPECIES, E1))
                    .fma(r, FloatVector.broadcast(SPECIES, E0))
                    .mul(r)
                    .mul(power);
            FloatVector f = power.add(grown);
            FloatVector n = f.mul(FloatVector.broadcast(SPECIES, value));
            FloatVector w = f.mul(FloatVector.broadcast(SPECIES, slope));
            n.intoArray(x, out + j * COLUMN);
            t.fma(w, n).intoArray(x, out + j * COLUMN + LANES);
        }
    }

    /** S := L L' exp(gamma (c - 1)) with c = s / (L L'); there is no tangent kernel. maths.md eq. 28. */
    static void gaussianRow(
            float[] sum,
            float[] x,
            int out,
            float[] la,
            int pa,
            float[] lb,
            int pb,
            int step,
            int inverseOffset,
            int width,
            float gamma) {
        for (int j = 0; j < width; j++) {
            FloatVector s = FloatVector.fromArray(SPECIES, sum, LEAD + j * COLUMN);
            FloatVector ll = FloatVector.fromArray(SPECIES, lb, pb + j * step)
                    .mul(FloatVector.broadcast(SPECIES, la[pa + 2 * j]));
            FloatVector y = ll.sub(s)
                    .mul(FloatVector.fromArray(SPECIES, lb, pb + j * step + inverseOffset)
                            .mul(FloatVector.broadcast(SPECIES, la[pa + 2 * j + 1])))
                    .mul(FloatVector.broadcast(SPECIES, gamma))
                    .reinterpretAsInts()
                    .max(0)
                    .min(MOST)
                    .reinterpretAsFloats();
            FloatVector k = y.fma(FloatVector.broadcast(SPECIES, -LOG2_E), FloatVector.broadcast(SPECIES, SHIFT));
            FloatVector power = k.reinterpretAsInts()
                    .add(127)
                    .lanewise(VectorOperators.LSHL, 23)
                    .reinterpretAsFloats();
            FloatVector rn = FloatVector.broadcast(SPECIES, SHIFT).sub(k);
            FloatVector r = rn.fma(
                    FloatVector.broadcast(SPECIES, LN2_LOW), rn.fma(FloatVector.broadcast(SPECIES, LN2_HIGH), y.neg()));
            FloatVector grown = FloatVector.broadcast(SPECIES, E5)
                    .fma(r, FloatVector.broadcast(SPECIES, E4))
                    .fma(r, FloatVector.broadcast(SPECIES, E3))
                    .fma(r, FloatVector.broadcast(SPECIES, E2))
                    .fma(r, FloatVector.broadcast(SPECIES, E1))
                    .fma(r, FloatVector.broadcast(SPECIES, E0))
                    .mul(r)
                    .mul(power);
            FloatVector n = ll.mul(power.add(grown));
            n.intoArray(x, out + j * COLUMN);
            FloatVector.broadcast(SPECIES, Float.NaN).intoArray(x, out + j * COLUMN + LANES);
        }
    }
}

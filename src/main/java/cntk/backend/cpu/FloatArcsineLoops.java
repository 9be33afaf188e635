package cntk.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * erf and GELU of a row whose window sums are there already. In units of S, with e = 1 / unit, beta = 2 for erf and 1 for GELU, the
 * tables hold q and g = 1 / sqrt(e + beta q) of both images ({@link ActivationFactors}), and (maths.md eq. 24 and 25)
 *
 * <pre>
 *   R = q q' - s^2,  D = e^2 + beta e (q + q') + beta^2 R,  sine = beta s g g',  cosine = sqrt(D) g g'
 *   angle = asin(sine), by a polynomial of the smaller of |sine| and cosine, so that it keeps all digits near 0 and 1
 *   erf:   S := angle n,                                     w = m / sqrt D
 *   GELU:  S := (R + s^2 h) / (2 pi sqrt D) + s A,           w = A + s (h + e^2 / D) / (2 pi sqrt D)
 *          h = e (g^2 + g'^2),  A = 1/4 + angle / (2 pi)
 * </pre>
 */
final class FloatArcsineLoops {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int LEAD = FloatCells.LEAD;
    private static final int COLUMN = 2 * LANES;
    private static final float HALF_PI = (float) (Math.PI / 2);
    private static final float TURN = (float) (1 / (2 * Math.PI));

    // asin(y) / y as a polynomial in y^2 on [0,1/2], interpolated at Chebyshev points in 60 digits: 2.7e-9 relative at
    // worst.
    private static final float A0 = 1f;
    private static final float A1 = 0.166666135f;
    private static final float A2 = 0.0750275701f;
    private static final float A3 = 0.0440916158f;
    private static final float A4 = 0.0358142406f;
    private static final float A5 = -0.00702057919f;
    private static final float A6 = 0.107400022f;
    private static final float A7 = -0.135916278f;
    private static final float A8 = 0.123913497f;

    private FloatArcsineLoops() {}

    /**
     * erf.
     *
     * @param epsilon e
     * @param value n
     * @param slope m
     */
    static void erfRow(
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
            float epsilon,
            float value,
            float slope) {
        for (int j = 0; j < width; j++) {
            FloatVector s = FloatVector.fromArray(SPECIES, sum, LEAD + j * COLUMN);
            FloatVector t = FloatVector.fromArray(SPECIES, sum, LEAD + j * COLUMN + LANES);
            FloatVector a = FloatVector.broadcast(SPECIES, la[pa + 2 * j]);
            FloatVector b = FloatVector.fromArray(SPECIES, lb, pb + j * step);
            FloatVector rest = a.mul(b).sub(s.mul(s)).reinterpretAsInts().max(0).reinterpretAsFloats();
            FloatVector root = rest.mul(FloatVector.broadcast(SPECIES, 4f))
                    .add(a.add(b)
                            .fma(
                                    FloatVector.broadcast(SPECIES, 2 * epsilon),
                                    FloatVector.broadcast(SPECIES, epsilon * epsilon)))
                    .sqrt();
            FloatVector c = s.mul(FloatVector.fromArray(SPECIES, lb, pb + j * step + inverseOffset))
                    .mul(FloatVector.broadcast(SPECIES, la[pa + 2 * j + 1]))
                    .mul(FloatVector.broadcast(SPECIES, 2f));
            FloatVector high = c.abs();
            FloatVector low = root.mul(FloatVector.fromArray(SPECIES, lb, pb + j * step + inverseOffset))
                    .mul(FloatVector.broadcast(SPECIES, la[pa + 2 * j + 1]));
            FloatVector y =
                    high.reinterpretAsInts().min(low.reinterpretAsInts()).reinterpretAsFloats();
            FloatVector z = y.mul(y);
            FloatVector arc = FloatVector.broadcast(SPECIES, A8)
                    .fma(z, FloatVector.broadcast(SPECIES, A7))
                    .fma(z, FloatVector.broadcast(SPECIES, A6))
                    .fma(z, FloatVector.broadcast(SPECIES, A5))
                    .fma(z, FloatVector.broadcast(SPECIES, A4))
                    .fma(z, FloatVector.broadcast(SPECIES, A3))
                    .fma(z, FloatVector.broadcast(SPECIES, A2))
                    .fma(z, FloatVector.broadcast(SPECIES, A1))
                    .fma(z, FloatVector.broadcast(SPECIES, A0))
                    .mul(y);
            FloatVector angle = FloatVector.broadcast(SPECIES, HALF_PI)
                    .sub(arc)
                    .blend(arc, high.compare(VectorOperators.LE, low))
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.XOR, s.reinterpretAsInts().and(FloatReluLoops.SIGN))
                    .reinterpretAsFloats();
            FloatVector n = angle.mul(FloatVector.broadcast(SPECIES, value));
            FloatVector w = FloatVector.broadcast(SPECIES, slope).div(root);
            n.intoArray(x, out + j * COLUMN);
            t.fma(w, n).intoArray(x, out + j * COLUMN + LANES);
        }
    }

    /**
     * GELU.
     *
     * @param epsilon e
     */
    static void geluRow(
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
            float epsilon) {
        for (int j = 0; j < width; j++) {
            FloatVector s = FloatVector.fromArray(SPECIES, sum, LEAD + j * COLUMN);
            FloatVector t = FloatVector.fromArray(SPECIES, sum, LEAD + j * COLUMN + LANES);
            FloatVector a = FloatVector.broadcast(SPECIES, la[pa + 2 * j]);
            FloatVector b = FloatVector.fromArray(SPECIES, lb, pb + j * step);
            FloatVector rest = a.mul(b).sub(s.mul(s)).reinterpretAsInts().max(0).reinterpretAsFloats();
            FloatVector root = a.add(b)
                    .fma(
                            FloatVector.broadcast(SPECIES, epsilon),
                            rest.add(FloatVector.broadcast(SPECIES, epsilon * epsilon)))
                    .sqrt();
            FloatVector c = s.mul(FloatVector.fromArray(SPECIES, lb, pb + j * step + inverseOffset))
                    .mul(FloatVector.broadcast(SPECIES, la[pa + 2 * j + 1]));
            FloatVector high = c.abs();
            FloatVector low = root.mul(FloatVector.fromArray(SPECIES, lb, pb + j * step + inverseOffset))
                    .mul(FloatVector.broadcast(SPECIES, la[pa + 2 * j + 1]));
            FloatVector y =
                    high.reinterpretAsInts().min(low.reinterpretAsInts()).reinterpretAsFloats();
            FloatVector z = y.mul(y);
            FloatVector arc = FloatVector.broadcast(SPECIES, A8)
                    .fma(z, FloatVector.broadcast(SPECIES, A7))
                    .fma(z, FloatVector.broadcast(SPECIES, A6))
                    .fma(z, FloatVector.broadcast(SPECIES, A5))
                    .fma(z, FloatVector.broadcast(SPECIES, A4))
                    .fma(z, FloatVector.broadcast(SPECIES, A3))
                    .fma(z, FloatVector.broadcast(SPECIES, A2))
                    .fma(z, FloatVector.broadcast(SPECIES, A1))
                    .fma(z, FloatVector.broadcast(SPECIES, A0))
                    .mul(y);
            FloatVector angle = FloatVector.broadcast(SPECIES, HALF_PI)
                    .sub(arc)
                    .blend(arc, high.compare(VectorOperators.LE, low))
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.XOR, s.reinterpretAsInts().and(FloatReluLoops.SIGN))
                    .reinterpretAsFloats();
            FloatVector both = angle.fma(FloatVector.broadcast(SPECIES, TURN), FloatVector.broadcast(SPECIES, 0.25f));
            FloatVector mine = FloatVector.broadcast(SPECIES, la[pa + 2 * j + 1]);
            FloatVector theirs = FloatVector.fromArray(SPECIES, lb, pb + j * step + inverseOffset);
            FloatVector h = mine.mul(mine).add(theirs.mul(theirs)).mul(FloatVector.broadcast(SPECIES, epsilon));
            FloatVector inverse = FloatVector.broadcast(SPECIES, 1f).div(root);
            FloatVector density = inverse.mul(FloatVector.broadcast(SPECIES, TURN));
            FloatVector e = inverse.mul(FloatVector.broadcast(SPECIES, epsilon));
            FloatVector n = s.mul(s).fma(h, rest).fma(density, s.mul(both));
            FloatVector w = e.fma(e, h).mul(s).fma(density, both);
            n.intoArray(x, out + j * COLUMN);
            t.fma(w, n).intoArray(x, out + j * COLUMN + LANES);
        }
    }
}

package cntk.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * ReLU, leaky ReLU and |x| of a row whose window sums are there already, and the ReLU projection. With phi(x) = x above 0 and a x
 * below, its unit shrunk by (1 + a^2)/2, so that S passes equal pixels unchanged, A = (1+a)^2 / (2 + 2a^2), and d, u, q, P, R as in
 * {@link FloatReluLoops} (maths.md eq. 23):
 *
 * <pre>
 *   S := |s| + A (s - |s|) + 2 (1-A) d q R(u)
 *   T~ := t w + S,   w = A + 2 (1-A) sign(s) (1/2 - q P(u))
 * </pre>
 *
 * The ReLU is A = 1/2, |x| is A = 0.
 */
final class FloatKinkLoops {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int LEAD = FloatCells.LEAD;
    private static final int COLUMN = 2 * LANES;

    private FloatKinkLoops() {}

    /** @param linear A */
    static void kinkRow(
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
            float linear) {
        for (int j = 0; j < width; j++) {
            FloatVector s = FloatVector.fromArray(SPECIES, sum, LEAD + j * COLUMN);
            FloatVector t = FloatVector.fromArray(SPECIES, sum, LEAD + j * COLUMN + LANES);
            FloatVector d = FloatVector.fromArray(SPECIES, lb, pb + j * step)
                    .mul(FloatVector.broadcast(SPECIES, la[pa + 2 * j]))
                    .sub(s.abs())
                    .reinterpretAsInts()
                    .max(0)
                    .reinterpretAsFloats();
            FloatVector g = FloatVector.fromArray(SPECIES, lb, pb + j * step + inverseOffset)
                    .mul(FloatVector.broadcast(SPECIES, la[pa + 2 * j + 1]));
            FloatVector u = d.mul(g);
            FloatVector q = u.sqrt();
            FloatVector r = FloatVector.broadcast(SPECIES, FloatReluLoops.R4)
                    .fma(u, FloatVector.broadcast(SPECIES, FloatReluLoops.R3))
                    .fma(u, FloatVector.broadcast(SPECIES, FloatReluLoops.R2))
                    .fma(u, FloatVector.broadcast(SPECIES, FloatReluLoops.R1))
                    .fma(u, FloatVector.broadcast(SPECIES, FloatReluLoops.R0));
            FloatVector p = FloatVector.broadcast(SPECIES, FloatReluLoops.P5)
                    .fma(u, FloatVector.broadcast(SPECIES, FloatReluLoops.P4))
                    .fma(u, FloatVector.broadcast(SPECIES, FloatReluLoops.P3))
                    .fma(u, FloatVector.broadcast(SPECIES, FloatReluLoops.P2))
                    .fma(u, FloatVector.broadcast(SPECIES, FloatReluLoops.P1))
                    .fma(u, FloatVector.broadcast(SPECIES, FloatReluLoops.P0));
            FloatVector twice = FloatVector.broadcast(SPECIES, 2 - 2 * linear);
            FloatVector n =
                    d.mul(q).mul(twice).fma(r, s.sub(s.abs()).fma(FloatVector.broadcast(SPECIES, linear), s.abs()));
            FloatVector w = q.fma(p, FloatVector.broadcast(SPECIES, 0.5f))
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.XOR, s.reinterpretAsInts().and(FloatReluLoops.SIGN))
                    .reinterpretAsFloats()
                    .fma(twice, FloatVector.broadcast(SPECIES, linear));
            n.intoArray(x, out + j * COLUMN);
            t.fma(w, n).intoArray(x, out + j * COLUMN + LANES);
        }
    }

    /** k1(c), which is S over L L'; there is no tangent kernel. maths.md eq. 29. */
    static void projectRow(
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
            float factor) {
        for (int j = 0; j < width; j++) {
            FloatVector s = FloatVector.fromArray(SPECIES, sum, LEAD + j * COLUMN);
            FloatVector d = FloatVector.fromArray(SPECIES, lb, pb + j * step)
                    .mul(FloatVector.broadcast(SPECIES, la[pa + 2 * j]))
                    .sub(s.abs())
                    .reinterpretAsInts()
                    .max(0)
                    .reinterpretAsFloats();
            FloatVector g = FloatVector.fromArray(SPECIES, lb, pb + j * step + inverseOffset)
                    .mul(FloatVector.broadcast(SPECIES, la[pa + 2 * j + 1]));
            FloatVector u = d.mul(g);
            FloatVector q = u.sqrt();
            FloatVector r = FloatVector.broadcast(SPECIES, FloatReluLoops.R4)
                    .fma(u, FloatVector.broadcast(SPECIES, FloatReluLoops.R3))
                    .fma(u, FloatVector.broadcast(SPECIES, FloatReluLoops.R2))
                    .fma(u, FloatVector.broadcast(SPECIES, FloatReluLoops.R1))
                    .fma(u, FloatVector.broadcast(SPECIES, FloatReluLoops.R0));
            FloatVector n = d.mul(q)
                    .fma(r, s.reinterpretAsInts().max(0).reinterpretAsFloats())
                    .mul(g)
                    .mul(FloatVector.broadcast(SPECIES, factor));
            n.intoArray(x, out + j * COLUMN);
            FloatVector.broadcast(SPECIES, Float.NaN).intoArray(x, out + j * COLUMN + LANES);
        }
    }
}

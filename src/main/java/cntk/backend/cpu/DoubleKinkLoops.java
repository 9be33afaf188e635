package cntk.backend.cpu;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * ReLU, leaky ReLU and |x| of a row whose window sums are there already, and the ReLU projection. With phi(x) = x above 0 and a x
 * below, its unit shrunk by (1 + a^2)/2, so that S passes equal pixels unchanged, A = (1+a)^2 / (2 + 2a^2), and d, u, q, P, R as in
 * {@link DoubleReluLoops} (maths.md eq. 23):
 *
 * <pre>
 *   S := |s| + A (s - |s|) + 2 (1-A) d q R(u)
 *   T~ := t w + S,   w = A + 2 (1-A) sign(s) (1/2 - q P(u))
 * </pre>
 *
 * The ReLU is A = 1/2, |x| is A = 0. Factors of image a stand beside those of image b, lane by lane.
 */
final class DoubleKinkLoops {
    private static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int LEAD = DoubleCells.LEAD;
    private static final int COLUMN = 2 * LANES;

    private DoubleKinkLoops() {}

    /** @param linear A */
    static void kinkRow(
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
            double linear) {
        for (int j = 0; j < width; j++) {
            DoubleVector s = DoubleVector.fromArray(SPECIES, sum, LEAD + j * COLUMN);
            DoubleVector t = DoubleVector.fromArray(SPECIES, sum, LEAD + j * COLUMN + LANES);
            DoubleVector d = DoubleVector.fromArray(SPECIES, lb, pb + j * step)
                    .mul(DoubleVector.fromArray(SPECIES, la, pa + j * COLUMN))
                    .sub(s.abs())
                    .reinterpretAsLongs()
                    .max(0)
                    .reinterpretAsDoubles();
            DoubleVector g = DoubleVector.fromArray(SPECIES, lb, pb + j * step + inverseOffset)
                    .mul(DoubleVector.fromArray(SPECIES, la, pa + j * COLUMN + LANES));
            DoubleVector u = d.mul(g);
            DoubleVector q = u.sqrt();
            DoubleVector r = DoubleVector.broadcast(SPECIES, DoubleReluLoops.R12)
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R11))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R10))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R9))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R8))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R7))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R6))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R5))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R4))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R3))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R2))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R1))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R0));
            DoubleVector p = DoubleVector.broadcast(SPECIES, DoubleReluLoops.P14)
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.P13))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.P12))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.P11))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.P10))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.P9))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.P8))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.P7))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.P6))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.P5))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.P4))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.P3))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.P2))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.P1))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.P0));
            DoubleVector twice = DoubleVector.broadcast(SPECIES, 2 - 2 * linear);
            DoubleVector n =
                    d.mul(q).mul(twice).fma(r, s.sub(s.abs()).fma(DoubleVector.broadcast(SPECIES, linear), s.abs()));
            DoubleVector w = q.fma(p, DoubleVector.broadcast(SPECIES, 0.5))
                    .reinterpretAsLongs()
                    .lanewise(VectorOperators.XOR, s.reinterpretAsLongs().and(DoubleReluLoops.SIGN))
                    .reinterpretAsDoubles()
                    .fma(twice, DoubleVector.broadcast(SPECIES, linear));
            n.intoArray(x, out + j * COLUMN);
            t.fma(w, n).intoArray(x, out + j * COLUMN + LANES);
        }
    }

    /** k1(c), which is S over L L'; there is no tangent kernel. maths.md eq. 29. */
    static void projectRow(
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
            double factor) {
        for (int j = 0; j < width; j++) {
            DoubleVector s = DoubleVector.fromArray(SPECIES, sum, LEAD + j * COLUMN);
            DoubleVector d = DoubleVector.fromArray(SPECIES, lb, pb + j * step)
                    .mul(DoubleVector.fromArray(SPECIES, la, pa + j * COLUMN))
                    .sub(s.abs())
                    .reinterpretAsLongs()
                    .max(0)
                    .reinterpretAsDoubles();
            DoubleVector g = DoubleVector.fromArray(SPECIES, lb, pb + j * step + inverseOffset)
                    .mul(DoubleVector.fromArray(SPECIES, la, pa + j * COLUMN + LANES));
            DoubleVector u = d.mul(g);
            DoubleVector q = u.sqrt();
            DoubleVector r = DoubleVector.broadcast(SPECIES, DoubleReluLoops.R12)
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R11))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R10))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R9))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R8))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R7))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R6))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R5))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R4))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R3))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R2))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R1))
                    .fma(u, DoubleVector.broadcast(SPECIES, DoubleReluLoops.R0));
            DoubleVector n = d.mul(q)
                    .fma(r, s.reinterpretAsLongs().max(0).reinterpretAsDoubles())
                    .mul(g)
                    .mul(DoubleVector.broadcast(SPECIES, factor));
            n.intoArray(x, out + j * COLUMN);
            DoubleVector.broadcast(SPECIES, Double.NaN).intoArray(x, out + j * COLUMN + LANES);
        }
    }
}

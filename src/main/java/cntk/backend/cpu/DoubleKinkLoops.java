package cntk.backend.cpu;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * ReLU, leaky ReLU and |x| of a row whose window sums are there already, and the ReLU projection. With phi(x) = x above 0 and a x
 * below, its unit shrunk by (1 + a^2)/2, so that S passes equal pixels unchanged, A = (1+a)^2 / (2 + 2a^2), and m, u, q, P as in
 * {@link DoubleReluLoops} (maths.md eq. 23):
 *
 * <pre>
 *   w = A + 2 (1-A) sign(s) (1/2 - q P(u)),   S := s w + 2 (1-A) m sqrt(u (2 - u)) / pi,   T~ := t w + S
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
            DoubleVector m = DoubleVector.fromArray(SPECIES, lb, pb + j * step)
                    .mul(DoubleVector.fromArray(SPECIES, la, pa + j * COLUMN));
            DoubleVector d = m.sub(s.abs()).reinterpretAsLongs().max(0).reinterpretAsDoubles();
            DoubleVector g = DoubleVector.fromArray(SPECIES, lb, pb + j * step + inverseOffset)
                    .mul(DoubleVector.fromArray(SPECIES, la, pa + j * COLUMN + LANES));
            DoubleVector u = d.mul(g);
            DoubleVector q = u.sqrt();
            DoubleVector u2 = u.mul(u);
            DoubleVector u3 = u2.mul(u);
            DoubleVector u4 = u2.mul(u2);
            DoubleVector p0 = u3.fma(
                    DoubleVector.broadcast(SPECIES, DoubleReluLoops.P3),
                    u2.fma(
                            DoubleVector.broadcast(SPECIES, DoubleReluLoops.P2),
                            u.fma(
                                    DoubleVector.broadcast(SPECIES, DoubleReluLoops.P1),
                                    DoubleVector.broadcast(SPECIES, DoubleReluLoops.P0))));
            DoubleVector p1 = u3.fma(
                    DoubleVector.broadcast(SPECIES, DoubleReluLoops.P7),
                    u2.fma(
                            DoubleVector.broadcast(SPECIES, DoubleReluLoops.P6),
                            u.fma(
                                    DoubleVector.broadcast(SPECIES, DoubleReluLoops.P5),
                                    DoubleVector.broadcast(SPECIES, DoubleReluLoops.P4))));
            DoubleVector p2 = u3.fma(
                    DoubleVector.broadcast(SPECIES, DoubleReluLoops.P11),
                    u2.fma(
                            DoubleVector.broadcast(SPECIES, DoubleReluLoops.P10),
                            u.fma(
                                    DoubleVector.broadcast(SPECIES, DoubleReluLoops.P9),
                                    DoubleVector.broadcast(SPECIES, DoubleReluLoops.P8))));
            DoubleVector p3 = u2.fma(
                    DoubleVector.broadcast(SPECIES, DoubleReluLoops.P14),
                    u.fma(
                            DoubleVector.broadcast(SPECIES, DoubleReluLoops.P13),
                            DoubleVector.broadcast(SPECIES, DoubleReluLoops.P12)));
            DoubleVector p = p3.fma(u4, p2).fma(u4, p1).fma(u4, p0);
            DoubleVector h = DoubleVector.broadcast(SPECIES, 2)
                    .sub(u)
                    .mul(u)
                    .sqrt()
                    .mul(DoubleVector.broadcast(SPECIES, DoubleReluLoops.INVERSE_PI));
            DoubleVector twice = DoubleVector.broadcast(SPECIES, 2 - 2 * linear);
            DoubleVector w = q.fma(p, DoubleVector.broadcast(SPECIES, 0.5))
                    .reinterpretAsLongs()
                    .lanewise(VectorOperators.XOR, s.reinterpretAsLongs().and(DoubleReluLoops.SIGN))
                    .reinterpretAsDoubles()
                    .fma(twice, DoubleVector.broadcast(SPECIES, linear));
            DoubleVector n = s.fma(w, m.mul(h).mul(twice));
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
            DoubleVector m = DoubleVector.fromArray(SPECIES, lb, pb + j * step)
                    .mul(DoubleVector.fromArray(SPECIES, la, pa + j * COLUMN));
            DoubleVector d = m.sub(s.abs()).reinterpretAsLongs().max(0).reinterpretAsDoubles();
            DoubleVector g = DoubleVector.fromArray(SPECIES, lb, pb + j * step + inverseOffset)
                    .mul(DoubleVector.fromArray(SPECIES, la, pa + j * COLUMN + LANES));
            DoubleVector u = d.mul(g);
            DoubleVector q = u.sqrt();
            DoubleVector u2 = u.mul(u);
            DoubleVector u3 = u2.mul(u);
            DoubleVector u4 = u2.mul(u2);
            DoubleVector p0 = u3.fma(
                    DoubleVector.broadcast(SPECIES, DoubleReluLoops.P3),
                    u2.fma(
                            DoubleVector.broadcast(SPECIES, DoubleReluLoops.P2),
                            u.fma(
                                    DoubleVector.broadcast(SPECIES, DoubleReluLoops.P1),
                                    DoubleVector.broadcast(SPECIES, DoubleReluLoops.P0))));
            DoubleVector p1 = u3.fma(
                    DoubleVector.broadcast(SPECIES, DoubleReluLoops.P7),
                    u2.fma(
                            DoubleVector.broadcast(SPECIES, DoubleReluLoops.P6),
                            u.fma(
                                    DoubleVector.broadcast(SPECIES, DoubleReluLoops.P5),
                                    DoubleVector.broadcast(SPECIES, DoubleReluLoops.P4))));
            DoubleVector p2 = u3.fma(
                    DoubleVector.broadcast(SPECIES, DoubleReluLoops.P11),
                    u2.fma(
                            DoubleVector.broadcast(SPECIES, DoubleReluLoops.P10),
                            u.fma(
                                    DoubleVector.broadcast(SPECIES, DoubleReluLoops.P9),
                                    DoubleVector.broadcast(SPECIES, DoubleReluLoops.P8))));
            DoubleVector p3 = u2.fma(
                    DoubleVector.broadcast(SPECIES, DoubleReluLoops.P14),
                    u.fma(
                            DoubleVector.broadcast(SPECIES, DoubleReluLoops.P13),
                            DoubleVector.broadcast(SPECIES, DoubleReluLoops.P12)));
            DoubleVector p = p3.fma(u4, p2).fma(u4, p1).fma(u4, p0);
            DoubleVector h = DoubleVector.broadcast(SPECIES, 2)
                    .sub(u)
                    .mul(u)
                    .sqrt()
                    .mul(DoubleVector.broadcast(SPECIES, DoubleReluLoops.INVERSE_PI));
            DoubleVector w = q.fma(p, DoubleVector.broadcast(SPECIES, 0.5))
                    .reinterpretAsLongs()
                    .lanewise(VectorOperators.XOR, s.reinterpretAsLongs().and(DoubleReluLoops.SIGN))
                    .reinterpretAsDoubles()
                    .add(DoubleVector.broadcast(SPECIES, 0.5));
            DoubleVector n = s.fma(w, m.mul(h)).mul(g).mul(DoubleVector.broadcast(SPECIES, factor));
            n.intoArray(x, out + j * COLUMN);
            DoubleVector.broadcast(SPECIES, Double.NaN).intoArray(x, out + j * COLUMN + LANES);
        }
    }
}

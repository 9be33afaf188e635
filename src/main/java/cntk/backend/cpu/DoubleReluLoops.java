package cntk.backend.cpu;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The loops of {@link DoubleRows} on the Vector API: as {@link FloatReluLoops}, but for S, which takes a second square root instead
 * of a second polynomial (maths.md eq. 16b). With m = L L':
 *
 * <pre>
 *   w = 1/2 + sign(s) (1/2 - q P(u)),   S := s w + m sqrt(u (2 - u)) / pi,   T~ := t w + S
 * </pre>
 *
 * <p>The two terms of S cancel near c = -1, where S is small beside m: the error stays at the rounding of m. Twelve
 * multiply-adds less are worth a fifth of the time, four short chains for P instead of one long another tenth (decisions/0002).
 *
 * <p>The standard deviations of images b are smaller by eight units in the last place ({@link ActivationFactors}). L L' of equal,
 * doubled and negated images then stays below |s| = q in spite of three roundings, d is clamped to 0 and the correlation is
 * exactly 1 or -1. One root of q q' would do the same at the price of one more square root. For other pairs u is off by 9e-16, which is less than the rounding of s.
 */
final class DoubleReluLoops {
    private static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int LEAD = DoubleCells.LEAD;
    private static final int COLUMN = 2 * LANES;
    static final long SIGN = 0x8000000000000000L;

    static final double INVERSE_PI = 1 / Math.PI;
    // -acos(1-u) / (pi sqrt u) on [0,1], interpolated at Chebyshev points in 50 digits: 1.6e-14 at worst. A degree more
    // gains a factor of 6 (the next singularity is u = 2).
    static final double P0 = -0.4501581580785617;
    static final double P1 = -0.03751317983599814;
    static final double P2 = -0.008440465752267817;
    static final double P3 = -0.002512034878740835;
    static final double P4 = -0.0008549204804577596;
    static final double P5 = -0.0003135535415800825;
    static final double P6 = -0.00012893674494490203;
    static final double P7 = -2.147450062000029e-05;
    static final double P8 = -9.791757919008935e-05;
    static final double P9 = 0.00014569922666430153;
    static final double P10 = -0.00022050332255266225;
    static final double P11 = 0.00020987115491849745;
    static final double P12 = -0.0001377453435497889;
    static final double P13 = 5.331183498841419e-05;
    static final double P14 = -9.992158091268897e-06;

    private DoubleReluLoops() {}

    /** Lanes are images b, and every neighbour counts: outside the image stands 0 or, wrapped, the image. */
    static void openRows(
            double[] x,
            int[] plan,
            int first,
            int end,
            double[] la,
            double[] lb,
            double bias,
            double tangentBias,
            int width) {
        for (int k = first; k < end; k++) {
            int r0 = LEAD + plan[k * RowPlan.STRIDE + RowPlan.ABOVE];
            int r1 = LEAD + plan[k * RowPlan.STRIDE + RowPlan.ROW];
            int r2 = LEAD + plan[k * RowPlan.STRIDE + RowPlan.BELOW];
            int out = LEAD + plan[k * RowPlan.STRIDE + RowPlan.OUT];
            int pa = LEAD + plan[k * RowPlan.STRIDE + RowPlan.IMAGE];
            int pb = LEAD + plan[k * RowPlan.STRIDE + RowPlan.LANES];
            DoubleVector v0 = DoubleVector.fromArray(SPECIES, x, r1 - COLUMN)
                    .add(DoubleVector.fromArray(SPECIES, x, r0 - COLUMN))
                    .add(DoubleVector.fromArray(SPECIES, x, r2 - COLUMN));
            DoubleVector t0 = DoubleVector.fromArray(SPECIES, x, r1 - LANES)
                    .add(DoubleVector.fromArray(SPECIES, x, r0 - LANES))
                    .add(DoubleVector.fromArray(SPECIES, x, r2 - LANES));
            DoubleVector v1 = DoubleVector.fromArray(SPECIES, x, r1)
                    .add(DoubleVector.fromArray(SPECIES, x, r0))
                    .add(DoubleVector.fromArray(SPECIES, x, r2));
            DoubleVector t1 = DoubleVector.fromArray(SPECIES, x, r1 + LANES)
                    .add(DoubleVector.fromArray(SPECIES, x, r0 + LANES))
                    .add(DoubleVector.fromArray(SPECIES, x, r2 + LANES));
            for (int j = 0; j < width; j++) {
                int e = (j + 1) * COLUMN;
                DoubleVector v2 = DoubleVector.fromArray(SPECIES, x, r1 + e)
                        .add(DoubleVector.fromArray(SPECIES, x, r0 + e))
                        .add(DoubleVector.fromArray(SPECIES, x, r2 + e));
                DoubleVector t2 = DoubleVector.fromArray(SPECIES, x, r1 + e + LANES)
                        .add(DoubleVector.fromArray(SPECIES, x, r0 + e + LANES))
                        .add(DoubleVector.fromArray(SPECIES, x, r2 + e + LANES));
                DoubleVector s = v1.add(v0).add(v2).add(DoubleVector.broadcast(SPECIES, bias));
                DoubleVector t = t1.add(t0).add(t2).add(DoubleVector.broadcast(SPECIES, tangentBias));
                v0 = v1;
                v1 = v2;
                t0 = t1;
                t1 = t2;
                DoubleVector m = DoubleVector.fromArray(SPECIES, lb, pb + j * COLUMN)
                        .mul(DoubleVector.broadcast(SPECIES, la[pa + 2 * j]));
                DoubleVector d = m.sub(s.abs()).reinterpretAsLongs().max(0).reinterpretAsDoubles();
                DoubleVector u = d.mul(DoubleVector.fromArray(SPECIES, lb, pb + j * COLUMN + LANES)
                        .mul(DoubleVector.broadcast(SPECIES, la[pa + 2 * j + 1])));
                DoubleVector q = u.sqrt();
                DoubleVector u2 = u.mul(u);
                DoubleVector u3 = u2.mul(u);
                DoubleVector u4 = u2.mul(u2);
                DoubleVector p0 = u3.fma(
                        DoubleVector.broadcast(SPECIES, P3),
                        u2.fma(
                                DoubleVector.broadcast(SPECIES, P2),
                                u.fma(DoubleVector.broadcast(SPECIES, P1), DoubleVector.broadcast(SPECIES, P0))));
                DoubleVector p1 = u3.fma(
                        DoubleVector.broadcast(SPECIES, P7),
                        u2.fma(
                                DoubleVector.broadcast(SPECIES, P6),
                                u.fma(DoubleVector.broadcast(SPECIES, P5), DoubleVector.broadcast(SPECIES, P4))));
                DoubleVector p2 = u3.fma(
                        DoubleVector.broadcast(SPECIES, P11),
                        u2.fma(
                                DoubleVector.broadcast(SPECIES, P10),
                                u.fma(DoubleVector.broadcast(SPECIES, P9), DoubleVector.broadcast(SPECIES, P8))));
                DoubleVector p3 = u2.fma(
                        DoubleVector.broadcast(SPECIES, P14),
                        u.fma(DoubleVector.broadcast(SPECIES, P13), DoubleVector.broadcast(SPECIES, P12)));
                DoubleVector p = p3.fma(u4, p2).fma(u4, p1).fma(u4, p0);
                DoubleVector h = DoubleVector.broadcast(SPECIES, 2)
                        .sub(u)
                        .mul(u)
                        .sqrt()
                        .mul(DoubleVector.broadcast(SPECIES, INVERSE_PI));
                DoubleVector w = q.fma(p, DoubleVector.broadcast(SPECIES, 0.5))
                        .reinterpretAsLongs()
                        .lanewise(VectorOperators.XOR, s.reinterpretAsLongs().and(SIGN))
                        .reinterpretAsDoubles()
                        .add(DoubleVector.broadcast(SPECIES, 0.5));
                DoubleVector n = s.fma(w, m.mul(h));
                n.intoArray(x, out + j * COLUMN);
                t.fma(w, n).intoArray(x, out + j * COLUMN + LANES);
            }
        }
    }

    /** Lanes are neighbouring column displacements of one pair: tables of b run backwards, seams differ by lane. */
    static void displacementRows(
            double[] x,
            int[] plan,
            int first,
            int end,
            double[] link,
            double[] la,
            double[] lb,
            int inverseOffset,
            double bias,
            double tangentBias,
            int width) {
        for (int k = first; k < end; k++) {
            int r0 = LEAD + plan[k * RowPlan.STRIDE + RowPlan.ABOVE];
            int r1 = LEAD + plan[k * RowPlan.STRIDE + RowPlan.ROW];
            int r2 = LEAD + plan[k * RowPlan.STRIDE + RowPlan.BELOW];
            int out = LEAD + plan[k * RowPlan.STRIDE + RowPlan.OUT];
            int pa = LEAD + plan[k * RowPlan.STRIDE + RowPlan.IMAGE];
            int pb = LEAD + plan[k * RowPlan.STRIDE + RowPlan.LANES];
            int inverse = pb + inverseOffset;
            DoubleVector v0 = DoubleVector.fromArray(SPECIES, x, r1 - COLUMN)
                    .add(DoubleVector.fromArray(SPECIES, x, r0 - COLUMN))
                    .add(DoubleVector.fromArray(SPECIES, x, r2 - COLUMN));
            DoubleVector t0 = DoubleVector.fromArray(SPECIES, x, r1 - LANES)
                    .add(DoubleVector.fromArray(SPECIES, x, r0 - LANES))
                    .add(DoubleVector.fromArray(SPECIES, x, r2 - LANES));
            DoubleVector v1 = DoubleVector.fromArray(SPECIES, x, r1)
                    .add(DoubleVector.fromArray(SPECIES, x, r0))
                    .add(DoubleVector.fromArray(SPECIES, x, r2));
            DoubleVector t1 = DoubleVector.fromArray(SPECIES, x, r1 + LANES)
                    .add(DoubleVector.fromArray(SPECIES, x, r0 + LANES))
                    .add(DoubleVector.fromArray(SPECIES, x, r2 + LANES));
            DoubleVector left = DoubleVector.fromArray(SPECIES, link, LEAD);
            for (int j = 0; j < width; j++) {
                int e = (j + 1) * COLUMN;
                DoubleVector v2 = DoubleVector.fromArray(SPECIES, x, r1 + e)
                        .add(DoubleVector.fromArray(SPECIES, x, r0 + e))
                        .add(DoubleVector.fromArray(SPECIES, x, r2 + e));
                DoubleVector t2 = DoubleVector.fromArray(SPECIES, x, r1 + e + LANES)
                        .add(DoubleVector.fromArray(SPECIES, x, r0 + e + LANES))
                        .add(DoubleVector.fromArray(SPECIES, x, r2 + e + LANES));
                DoubleVector right = DoubleVector.fromArray(SPECIES, link, LEAD + (j + 1) * LANES);
                DoubleVector s = v2.fma(right, v0.fma(left, v1)).add(DoubleVector.broadcast(SPECIES, bias));
                DoubleVector t = t2.fma(right, t0.fma(left, t1)).add(DoubleVector.broadcast(SPECIES, tangentBias));
                left = right;
                v0 = v1;
                v1 = v2;
                t0 = t1;
                t1 = t2;
                DoubleVector m = DoubleVector.fromArray(SPECIES, lb, pb - j)
                        .mul(DoubleVector.broadcast(SPECIES, la[pa + 2 * j]));
                DoubleVector d = m.sub(s.abs()).reinterpretAsLongs().max(0).reinterpretAsDoubles();
                DoubleVector u = d.mul(DoubleVector.fromArray(SPECIES, lb, inverse - j)
                        .mul(DoubleVector.broadcast(SPECIES, la[pa + 2 * j + 1])));
                DoubleVector q = u.sqrt();
                DoubleVector u2 = u.mul(u);
                DoubleVector u3 = u2.mul(u);
                DoubleVector u4 = u2.mul(u2);
                DoubleVector p0 = u3.fma(
                        DoubleVector.broadcast(SPECIES, P3),
                        u2.fma(
                                DoubleVector.broadcast(SPECIES, P2),
                                u.fma(DoubleVector.broadcast(SPECIES, P1), DoubleVector.broadcast(SPECIES, P0))));
                DoubleVector p1 = u3.fma(
                        DoubleVector.broadcast(SPECIES, P7),
                        u2.fma(
                                DoubleVector.broadcast(SPECIES, P6),
                                u.fma(DoubleVector.broadcast(SPECIES, P5), DoubleVector.broadcast(SPECIES, P4))));
                DoubleVector p2 = u3.fma(
                        DoubleVector.broadcast(SPECIES, P11),
                        u2.fma(
                                DoubleVector.broadcast(SPECIES, P10),
                                u.fma(DoubleVector.broadcast(SPECIES, P9), DoubleVector.broadcast(SPECIES, P8))));
                DoubleVector p3 = u2.fma(
                        DoubleVector.broadcast(SPECIES, P14),
                        u.fma(DoubleVector.broadcast(SPECIES, P13), DoubleVector.broadcast(SPECIES, P12)));
                DoubleVector p = p3.fma(u4, p2).fma(u4, p1).fma(u4, p0);
                DoubleVector h = DoubleVector.broadcast(SPECIES, 2)
                        .sub(u)
                        .mul(u)
                        .sqrt()
                        .mul(DoubleVector.broadcast(SPECIES, INVERSE_PI));
                DoubleVector w = q.fma(p, DoubleVector.broadcast(SPECIES, 0.5))
                        .reinterpretAsLongs()
                        .lanewise(VectorOperators.XOR, s.reinterpretAsLongs().and(SIGN))
                        .reinterpretAsDoubles()
                        .add(DoubleVector.broadcast(SPECIES, 0.5));
                DoubleVector n = s.fma(w, m.mul(h));
                n.intoArray(x, out + j * COLUMN);
                t.fma(w, n).intoArray(x, out + j * COLUMN + LANES);
            }
        }
    }

    /** Lanes are images b at one displacement. */
    static void imageRows(
            double[] x,
            int[] plan,
            int first,
            int end,
            double[] link,
            double[] la,
            double[] lb,
            double bias,
            double tangentBias,
            int width) {
        for (int k = first; k < end; k++) {
            int r0 = LEAD + plan[k * RowPlan.STRIDE + RowPlan.ABOVE];
            int r1 = LEAD + plan[k * RowPlan.STRIDE + RowPlan.ROW];
            int r2 = LEAD + plan[k * RowPlan.STRIDE + RowPlan.BELOW];
            int out = LEAD + plan[k * RowPlan.STRIDE + RowPlan.OUT];
            int pa = LEAD + plan[k * RowPlan.STRIDE + RowPlan.IMAGE];
            int pb = LEAD + plan[k * RowPlan.STRIDE + RowPlan.LANES];
            DoubleVector v0 = DoubleVector.fromArray(SPECIES, x, r1 - COLUMN)
                    .add(DoubleVector.fromArray(SPECIES, x, r0 - COLUMN))
                    .add(DoubleVector.fromArray(SPECIES, x, r2 - COLUMN));
            DoubleVector t0 = DoubleVector.fromArray(SPECIES, x, r1 - LANES)
                    .add(DoubleVector.fromArray(SPECIES, x, r0 - LANES))
                    .add(DoubleVector.fromArray(SPECIES, x, r2 - LANES));
            DoubleVector v1 = DoubleVector.fromArray(SPECIES, x, r1)
                    .add(DoubleVector.fromArray(SPECIES, x, r0))
                    .add(DoubleVector.fromArray(SPECIES, x, r2));
            DoubleVector t1 = DoubleVector.fromArray(SPECIES, x, r1 + LANES)
                    .add(DoubleVector.fromArray(SPECIES, x, r0 + LANES))
                    .add(DoubleVector.fromArray(SPECIES, x, r2 + LANES));
            DoubleVector left = DoubleVector.fromArray(SPECIES, link, LEAD);
            for (int j = 0; j < width; j++) {
                int e = (j + 1) * COLUMN;
                DoubleVector v2 = DoubleVector.fromArray(SPECIES, x, r1 + e)
                        .add(DoubleVector.fromArray(SPECIES, x, r0 + e))
                        .add(DoubleVector.fromArray(SPECIES, x, r2 + e));
                DoubleVector t2 = DoubleVector.fromArray(SPECIES, x, r1 + e + LANES)
                        .add(DoubleVector.fromArray(SPECIES, x, r0 + e + LANES))
                        .add(DoubleVector.fromArray(SPECIES, x, r2 + e + LANES));
                DoubleVector right = DoubleVector.fromArray(SPECIES, link, LEAD + (j + 1) * LANES);
                DoubleVector s = v2.fma(right, v0.fma(left, v1)).add(DoubleVector.broadcast(SPECIES, bias));
                DoubleVector t = t2.fma(right, t0.fma(left, t1)).add(DoubleVector.broadcast(SPECIES, tangentBias));
                left = right;
                v0 = v1;
                v1 = v2;
                t0 = t1;
                t1 = t2;
                DoubleVector m = DoubleVector.fromArray(SPECIES, lb, pb + j * COLUMN)
                        .mul(DoubleVector.broadcast(SPECIES, la[pa + 2 * j]));
                DoubleVector d = m.sub(s.abs()).reinterpretAsLongs().max(0).reinterpretAsDoubles();
                DoubleVector u = d.mul(DoubleVector.fromArray(SPECIES, lb, pb + j * COLUMN + LANES)
                        .mul(DoubleVector.broadcast(SPECIES, la[pa + 2 * j + 1])));
                DoubleVector q = u.sqrt();
                DoubleVector u2 = u.mul(u);
                DoubleVector u3 = u2.mul(u);
                DoubleVector u4 = u2.mul(u2);
                DoubleVector p0 = u3.fma(
                        DoubleVector.broadcast(SPECIES, P3),
                        u2.fma(
                                DoubleVector.broadcast(SPECIES, P2),
                                u.fma(DoubleVector.broadcast(SPECIES, P1), DoubleVector.broadcast(SPECIES, P0))));
                DoubleVector p1 = u3.fma(
                        DoubleVector.broadcast(SPECIES, P7),
                        u2.fma(
                                DoubleVector.broadcast(SPECIES, P6),
                                u.fma(DoubleVector.broadcast(SPECIES, P5), DoubleVector.broadcast(SPECIES, P4))));
                DoubleVector p2 = u3.fma(
                        DoubleVector.broadcast(SPECIES, P11),
                        u2.fma(
                                DoubleVector.broadcast(SPECIES, P10),
                                u.fma(DoubleVector.broadcast(SPECIES, P9), DoubleVector.broadcast(SPECIES, P8))));
                DoubleVector p3 = u2.fma(
                        DoubleVector.broadcast(SPECIES, P14),
                        u.fma(DoubleVector.broadcast(SPECIES, P13), DoubleVector.broadcast(SPECIES, P12)));
                DoubleVector p = p3.fma(u4, p2).fma(u4, p1).fma(u4, p0);
                DoubleVector h = DoubleVector.broadcast(SPECIES, 2)
                        .sub(u)
                        .mul(u)
                        .sqrt()
                        .mul(DoubleVector.broadcast(SPECIES, INVERSE_PI));
                DoubleVector w = q.fma(p, DoubleVector.broadcast(SPECIES, 0.5))
                        .reinterpretAsLongs()
                        .lanewise(VectorOperators.XOR, s.reinterpretAsLongs().and(SIGN))
                        .reinterpretAsDoubles()
                        .add(DoubleVector.broadcast(SPECIES, 0.5));
                DoubleVector n = s.fma(w, m.mul(h));
                n.intoArray(x, out + j * COLUMN);
                t.fma(w, n).intoArray(x, out + j * COLUMN + LANES);
            }
        }
    }
}

package cntk.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The loops of {@link FloatRows} on the Vector API. One entry, with s the window sum, d = L L' - |s|, u = d / (L L') = 1 - |c| and q = sqrt u (maths.md eq. 16):
 *
 * <pre>
 *   S := max(s, 0) + d q R(u)                          = L L' kappa1(c)
 *   T~ := t w + S,  w = 1/2 + sign(s) (1/2 - q P(u))   = t kappa0(c) + S
 * </pre>
 *
 * <p>16 operations on the multiply-add pipes, none of which nearly cancels. max is an integer max on the bits: the float
 * max costs six instructions for NaN and -0.
 *
 * <p>The three fused loops are alike but for their addressing, written out because C2 must see constant strides (a variable
 * one costs 15%) and must not meet a helper method: past 18,000 nodes it refuses to inline one, and a refused helper boxes
 * every vector (decisions/0002).
 */
final class FloatReluLoops {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int LEAD = FloatCells.LEAD;
    private static final int COLUMN = 2 * LANES;
    static final int SIGN = 0x80000000;

    // -acos(1-u) / (pi sqrt u) and (sqrt(u(2-u)) - (1-u) acos(1-u)) / (pi u sqrt u) on [0,1], minimax with weights
    // u^0.1 and u:
    // deep layers live near u = 0, where an error of one sign adds up (plain minimax: 2.7e-6 instead of 4.6e-7 at 20
    // layers).
    static final float P0 = -0.450157511f;
    static final float P1 = -0.0375439584f;
    static final float P2 = -0.00814425871f;
    static final float P3 = -0.00358431801f;
    static final float P4 = 0.000850233224f;
    static final float P5 = -0.00141987202f;
    static final float R0 = 0.300110204f;
    static final float R1 = 0.0149424794f;
    static final float R2 = 0.00267565504f;
    static final float R3 = 9.28859256e-05f;
    static final float R4 = 0.00048854952f;

    private FloatReluLoops() {}

    /** Lanes are images b, and every neighbour counts: outside the image stands 0 or, wrapped, the image. */
    static void openRows(
            float[] x,
            int[] plan,
            int first,
            int end,
            float[] la,
            float[] lb,
            float bias,
            float tangentBias,
            int width) {
        for (int k = first; k < end; k++) {
            int r0 = LEAD + plan[k * RowPlan.STRIDE + RowPlan.ABOVE];
            int r1 = LEAD + plan[k * RowPlan.STRIDE + RowPlan.ROW];
            int r2 = LEAD + plan[k * RowPlan.STRIDE + RowPlan.BELOW];
            int out = LEAD + plan[k * RowPlan.STRIDE + RowPlan.OUT];
            int pa = LEAD + plan[k * RowPlan.STRIDE + RowPlan.IMAGE];
            int pb = LEAD + plan[k * RowPlan.STRIDE + RowPlan.LANES];
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, r1 - COLUMN)
                    .add(FloatVector.fromArray(SPECIES, x, r0 - COLUMN))
                    .add(FloatVector.fromArray(SPECIES, x, r2 - COLUMN));
            FloatVector t0 = FloatVector.fromArray(SPECIES, x, r1 - LANES)
                    .add(FloatVector.fromArray(SPECIES, x, r0 - LANES))
                    .add(FloatVector.fromArray(SPECIES, x, r2 - LANES));
            FloatVector v1 = FloatVector.fromArray(SPECIES, x, r1)
                    .add(FloatVector.fromArray(SPECIES, x, r0))
                    .add(FloatVector.fromArray(SPECIES, x, r2));
            FloatVector t1 = FloatVector.fromArray(SPECIES, x, r1 + LANES)
                    .add(FloatVector.fromArray(SPECIES, x, r0 + LANES))
                    .add(FloatVector.fromArray(SPECIES, x, r2 + LANES));
            for (int j = 0; j < width; j++) {
                int e = (j + 1) * COLUMN;
                FloatVector v2 = FloatVector.fromArray(SPECIES, x, r1 + e)
                        .add(FloatVector.fromArray(SPECIES, x, r0 + e))
                        .add(FloatVector.fromArray(SPECIES, x, r2 + e));
                FloatVector t2 = FloatVector.fromArray(SPECIES, x, r1 + e + LANES)
                        .add(FloatVector.fromArray(SPECIES, x, r0 + e + LANES))
                        .add(FloatVector.fromArray(SPECIES, x, r2 + e + LANES));
                FloatVector s = v1.add(v0).add(v2).add(FloatVector.broadcast(SPECIES, bias));
                FloatVector t = t1.add(t0).add(t2).add(FloatVector.broadcast(SPECIES, tangentBias));
                v0 = v1;
                v1 = v2;
                t0 = t1;
                t1 = t2;
                FloatVector d = FloatVector.fromArray(SPECIES, lb, pb + j * COLUMN)
                        .mul(FloatVector.broadcast(SPECIES, la[pa + 2 * j]))
                        .sub(s.abs())
                        .reinterpretAsInts()
                        .max(0)
                        .reinterpretAsFloats();
                FloatVector u = d.mul(FloatVector.fromArray(SPECIES, lb, pb + j * COLUMN + LANES)
                        .mul(FloatVector.broadcast(SPECIES, la[pa + 2 * j + 1])));
                FloatVector q = u.sqrt();
                FloatVector r = FloatVector.broadcast(SPECIES, R4)
                        .fma(u, FloatVector.broadcast(SPECIES, R3))
                        .fma(u, FloatVector.broadcast(SPECIES, R2))
                        .fma(u, FloatVector.broadcast(SPECIES, R1))
                        .fma(u, FloatVector.broadcast(SPECIES, R0));
                FloatVector p = FloatVector.broadcast(SPECIES, P5)
                        .fma(u, FloatVector.broadcast(SPECIES, P4))
                        .fma(u, FloatVector.broadcast(SPECIES, P3))
                        .fma(u, FloatVector.broadcast(SPECIES, P2))
                        .fma(u, FloatVector.broadcast(SPECIES, P1))
                        .fma(u, FloatVector.broadcast(SPECIES, P0));
                FloatVector n = d.mul(q).fma(r, s.reinterpretAsInts().max(0).reinterpretAsFloats());
                FloatVector w = q.fma(p, FloatVector.broadcast(SPECIES, 0.5f))
                        .reinterpretAsInts()
                        .lanewise(VectorOperators.XOR, s.reinterpretAsInts().and(SIGN))
                        .reinterpretAsFloats()
                        .add(FloatVector.broadcast(SPECIES, 0.5f));
                n.intoArray(x, out + j * COLUMN);
                t.fma(w, n).intoArray(x, out + j * COLUMN + LANES);
            }
        }
    }

    /** Lanes are neighbouring column displacements of one pair: tables of b run backwards, seams differ by lane. */
    static void displacementRows(
            float[] x,
            int[] plan,
            int first,
            int end,
            float[] link,
            float[] la,
            float[] lb,
            int inverseOffset,
            float bias,
            float tangentBias,
            int width) {
        for (int k = first; k < end; k++) {
            int r0 = LEAD + plan[k * RowPlan.STRIDE + RowPlan.ABOVE];
            int r1 = LEAD + plan[k * RowPlan.STRIDE + RowPlan.ROW];
            int r2 = LEAD + plan[k * RowPlan.STRIDE + RowPlan.BELOW];
            int out = LEAD + plan[k * RowPlan.STRIDE + RowPlan.OUT];
            int pa = LEAD + plan[k * RowPlan.STRIDE + RowPlan.IMAGE];
            int pb = LEAD + plan[k * RowPlan.STRIDE + RowPlan.LANES];
            int inverse = pb + inverseOffset;
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, r1 - COLUMN)
                    .add(FloatVector.fromArray(SPECIES, x, r0 - COLUMN))
                    .add(FloatVector.fromArray(SPECIES, x, r2 - COLUMN));
            FloatVector t0 = FloatVector.fromArray(SPECIES, x, r1 - LANES)
                    .add(FloatVector.fromArray(SPECIES, x, r0 - LANES))
                    .add(FloatVector.fromArray(SPECIES, x, r2 - LANES));
            FloatVector v1 = FloatVector.fromArray(SPECIES, x, r1)
                    .add(FloatVector.fromArray(SPECIES, x, r0))
                    .add(FloatVector.fromArray(SPECIES, x, r2));
            FloatVector t1 = FloatVector.fromArray(SPECIES, x, r1 + LANES)
                    .add(FloatVector.fromArray(SPECIES, x, r0 + LANES))
                    .add(FloatVector.fromArray(SPECIES, x, r2 + LANES));
            FloatVector left = FloatVector.fromArray(SPECIES, link, LEAD);
            for (int j = 0; j < width; j++) {
                int e = (j + 1) * COLUMN;
                FloatVector v2 = FloatVector.fromArray(SPECIES, x, r1 + e)
                        .add(FloatVector.fromArray(SPECIES, x, r0 + e))
                        .add(FloatVector.fromArray(SPECIES, x, r2 + e));
                FloatVector t2 = FloatVector.fromArray(SPECIES, x, r1 + e + LANES)
                        .add(FloatVector.fromArray(SPECIES, x, r0 + e + LANES))
                        .add(FloatVector.fromArray(SPECIES, x, r2 + e + LANES));
                FloatVector right = FloatVector.fromArray(SPECIES, link, LEAD + (j + 1) * LANES);
                FloatVector s = v2.fma(right, v0.fma(left, v1)).add(FloatVector.broadcast(SPECIES, bias));
                FloatVector t = t2.fma(right, t0.fma(left, t1)).add(FloatVector.broadcast(SPECIES, tangentBias));
                left = right;
                v0 = v1;
                v1 = v2;
                t0 = t1;
                t1 = t2;
                FloatVector d = FloatVector.fromArray(SPECIES, lb, pb - j)
                        .mul(FloatVector.broadcast(SPECIES, la[pa + 2 * j]))
                        .sub(s.abs())
                        .reinterpretAsInts()
                        .max(0)
                        .reinterpretAsFloats();
                FloatVector u = d.mul(FloatVector.fromArray(SPECIES, lb, inverse - j)
                        .mul(FloatVector.broadcast(SPECIES, la[pa + 2 * j + 1])));
                FloatVector q = u.sqrt();
                FloatVector r = FloatVector.broadcast(SPECIES, R4)
                        .fma(u, FloatVector.broadcast(SPECIES, R3))
                        .fma(u, FloatVector.broadcast(SPECIES, R2))
                        .fma(u, FloatVector.broadcast(SPECIES, R1))
                        .fma(u, FloatVector.broadcast(SPECIES, R0));
                FloatVector p = FloatVector.broadcast(SPECIES, P5)
                        .fma(u, FloatVector.broadcast(SPECIES, P4))
                        .fma(u, FloatVector.broadcast(SPECIES, P3))
                        .fma(u, FloatVector.broadcast(SPECIES, P2))
                        .fma(u, FloatVector.broadcast(SPECIES, P1))
                        .fma(u, FloatVector.broadcast(SPECIES, P0));
                FloatVector n = d.mul(q).fma(r, s.reinterpretAsInts().max(0).reinterpretAsFloats());
                FloatVector w = q.fma(p, FloatVector.broadcast(SPECIES, 0.5f))
                        .reinterpretAsInts()
                        .lanewise(VectorOperators.XOR, s.reinterpretAsInts().and(SIGN))
                        .reinterpretAsFloats()
                        .add(FloatVector.broadcast(SPECIES, 0.5f));
                n.intoArray(x, out + j * COLUMN);
                t.fma(w, n).intoArray(x, out + j * COLUMN + LANES);
            }
        }
    }

    /** Lanes are images b at one displacement. */
    static void imageRows(
            float[] x,
            int[] plan,
            int first,
            int end,
            float[] link,
            float[] la,
            float[] lb,
            float bias,
            float tangentBias,
            int width) {
        for (int k = first; k < end; k++) {
            int r0 = LEAD + plan[k * RowPlan.STRIDE + RowPlan.ABOVE];
            int r1 = LEAD + plan[k * RowPlan.STRIDE + RowPlan.ROW];
            int r2 = LEAD + plan[k * RowPlan.STRIDE + RowPlan.BELOW];
            int out = LEAD + plan[k * RowPlan.STRIDE + RowPlan.OUT];
            int pa = LEAD + plan[k * RowPlan.STRIDE + RowPlan.IMAGE];
            int pb = LEAD + plan[k * RowPlan.STRIDE + RowPlan.LANES];
            FloatVector v0 = FloatVector.fromArray(SPECIES, x, r1 - COLUMN)
                    .add(FloatVector.fromArray(SPECIES, x, r0 - COLUMN))
                    .add(FloatVector.fromArray(SPECIES, x, r2 - COLUMN));
            FloatVector t0 = FloatVector.fromArray(SPECIES, x, r1 - LANES)
                    .add(FloatVector.fromArray(SPECIES, x, r0 - LANES))
                    .add(FloatVector.fromArray(SPECIES, x, r2 - LANES));
            FloatVector v1 = FloatVector.fromArray(SPECIES, x, r1)
                    .add(FloatVector.fromArray(SPECIES, x, r0))
                    .add(FloatVector.fromArray(SPECIES, x, r2));
            FloatVector t1 = FloatVector.fromArray(SPECIES, x, r1 + LANES)
                    .add(FloatVector.fromArray(SPECIES, x, r0 + LANES))
                    .add(FloatVector.fromArray(SPECIES, x, r2 + LANES));
            FloatVector left = FloatVector.fromArray(SPECIES, link, LEAD);
            for (int j = 0; j < width; j++) {
                int e = (j + 1) * COLUMN;
                FloatVector v2 = FloatVector.fromArray(SPECIES, x, r1 + e)
                        .add(FloatVector.fromArray(SPECIES, x, r0 + e))
                        .add(FloatVector.fromArray(SPECIES, x, r2 + e));
                FloatVector t2 = FloatVector.fromArray(SPECIES, x, r1 + e + LANES)
                        .add(FloatVector.fromArray(SPECIES, x, r0 + e + LANES))
                        .add(FloatVector.fromArray(SPECIES, x, r2 + e + LANES));
                FloatVector right = FloatVector.fromArray(SPECIES, link, LEAD + (j + 1) * LANES);
                FloatVector s = v2.fma(right, v0.fma(left, v1)).add(FloatVector.broadcast(SPECIES, bias));
                FloatVector t = t2.fma(right, t0.fma(left, t1)).add(FloatVector.broadcast(SPECIES, tangentBias));
                left = right;
                v0 = v1;
                v1 = v2;
                t0 = t1;
                t1 = t2;
                FloatVector d = FloatVector.fromArray(SPECIES, lb, pb + j * COLUMN)
                        .mul(FloatVector.broadcast(SPECIES, la[pa + 2 * j]))
                        .sub(s.abs())
                        .reinterpretAsInts()
                        .max(0)
                        .reinterpretAsFloats();
                FloatVector u = d.mul(FloatVector.fromArray(SPECIES, lb, pb + j * COLUMN + LANES)
                        .mul(FloatVector.broadcast(SPECIES, la[pa + 2 * j + 1])));
                FloatVector q = u.sqrt();
                FloatVector r = FloatVector.broadcast(SPECIES, R4)
                        .fma(u, FloatVector.broadcast(SPECIES, R3))
                        .fma(u, FloatVector.broadcast(SPECIES, R2))
                        .fma(u, FloatVector.broadcast(SPECIES, R1))
                        .fma(u, FloatVector.broadcast(SPECIES, R0));
                FloatVector p = FloatVector.broadcast(SPECIES, P5)
                        .fma(u, FloatVector.broadcast(SPECIES, P4))
                        .fma(u, FloatVector.broadcast(SPECIES, P3))
                        .fma(u, FloatVector.broadcast(SPECIES, P2))
                        .fma(u, FloatVector.broadcast(SPECIES, P1))
                        .fma(u, FloatVector.broadcast(SPECIES, P0));
                FloatVector n = d.mul(q).fma(r, s.reinterpretAsInts().max(0).reinterpretAsFloats());
                FloatVector w = q.fma(p, FloatVector.broadcast(SPECIES, 0.5f))
                        .reinterpretAsInts()
                        .lanewise(VectorOperators.XOR, s.reinterpretAsInts().and(SIGN))
                        .reinterpretAsFloats()
                        .add(FloatVector.broadcast(SPECIES, 0.5f));
                n.intoArray(x, out + j * COLUMN);
                t.fma(w, n).intoArray(x, out + j * COLUMN + LANES);
            }
        }
    }
}

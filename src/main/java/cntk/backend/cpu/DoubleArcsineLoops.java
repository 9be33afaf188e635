package cntk.backend.cpu;

import jdk.incubator.vector.DoubleVector;
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
final class DoubleArcsineLoops {
    private static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int LEAD = DoubleCells.LEAD;
    private static final int COLUMN = 2 * LANES;
    private static final double HALF_PI = Math.PI / 2;
    private static final double TURN = 1 / (2 * Math.PI);

    // asin(y) / y as a polynomial in y^2 on [0,1/2], interpolated at Chebyshev points in 60 digits: 1.3e-16 relative at
    // worst.
    private static final double A0 = 0.9999999999999999;
    private static final double A1 = 0.166666666666762;
    private static final double A2 = 0.07499999997954958;
    private static final double A3 = 0.04464285887635292;
    private static final double A4 = 0.03038186720347429;
    private static final double A5 = 0.022374245713577247;
    private static final double A6 = 0.01731559954431618;
    private static final double A7 = 0.014425198539078435;
    private static final double A8 = 0.007444628520337835;
    private static final double A9 = 0.03675841815436629;
    private static final double A10 = -0.12408231204352452;
    private static final double A11 = 0.4950065878219168;
    private static final double A12 = -1.3361380175788322;
    private static final double A13 = 2.733327968715509;
    private static final double A14 = -3.974232006625551;
    private static final double A15 = 3.9651660247789384;
    private static final double A16 = -2.4213345116985456;
    private static final double A17 = 0.7052735073244606;

    private DoubleArcsineLoops() {}

    /**
     * erf.
     *
     * @param epsilon e
     * @param value n
     * @param slope m
     */
    static void erfRow(
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
            double epsilon,
            double value,
            double slope) {
        for (int j = 0; j < width; j++) {
            DoubleVector s = DoubleVector.fromArray(SPECIES, sum, LEAD + j * COLUMN);
            DoubleVector t = DoubleVector.fromArray(SPECIES, sum, LEAD + j * COLUMN + LANES);
            DoubleVector a = DoubleVector.fromArray(SPECIES, la, pa + j * COLUMN);
            DoubleVector b = DoubleVector.fromArray(SPECIES, lb, pb + j * step);
            DoubleVector rest =
                    a.mul(b).sub(s.mul(s)).reinterpretAsLongs().max(0).reinterpretAsDoubles();
            DoubleVector root = rest.mul(DoubleVector.broadcast(SPECIES, 4.0))
                    .add(a.add(b)
                            .fma(
                                    DoubleVector.broadcast(SPECIES, 2 * epsilon),
                                    DoubleVector.broadcast(SPECIES, epsilon * epsilon)))
                    .sqrt();
            DoubleVector c = s.mul(DoubleVector.fromArray(SPECIES, lb, pb + j * step + inverseOffset))
                    .mul(DoubleVector.fromArray(SPECIES, la, pa + j * COLUMN + LANES))
                    .mul(DoubleVector.broadcast(SPECIES, 2.0));
            DoubleVector high = c.abs();
            DoubleVector low = root.mul(DoubleVector.fromArray(SPECIES, lb, pb + j * step + inverseOffset))
                    .mul(DoubleVector.fromArray(SPECIES, la, pa + j * COLUMN + LANES));
            DoubleVector y =
                    high.reinterpretAsLongs().min(low.reinterpretAsLongs()).reinterpretAsDoubles();
            DoubleVector z = y.mul(y);
            DoubleVector arc = DoubleVector.broadcast(SPECIES, A17)
                    .fma(z, DoubleVector.broadcast(SPECIES, A16))
                    .fma(z, DoubleVector.broadcast(SPECIES, A15))
                    .fma(z, DoubleVector.broadcast(SPECIES, A14))
                    .fma(z, DoubleVector.broadcast(SPECIES, A13))
                    .fma(z, DoubleVector.broadcast(SPECIES, A12))
                    .fma(z, DoubleVector.broadcast(SPECIES, A11))
                    .fma(z, DoubleVector.broadcast(SPECIES, A10))
                    .fma(z, DoubleVector.broadcast(SPECIES, A9))
                    .fma(z, DoubleVector.broadcast(SPECIES, A8))
                    .fma(z, DoubleVector.broadcast(SPECIES, A7))
                    .fma(z, DoubleVector.broadcast(SPECIES, A6))
                    .fma(z, DoubleVector.broadcast(SPECIES, A5))
                    .fma(z, DoubleVector.broadcast(SPECIES, A4))
                    .fma(z, DoubleVector.broadcast(SPECIES, A3))
                    .fma(z, DoubleVector.broadcast(SPECIES, A2))
                    .fma(z, DoubleVector.broadcast(SPECIES, A1))
                    .fma(z, DoubleVector.broadcast(SPECIES, A0))
                    .mul(y);
            DoubleVector angle = DoubleVector.broadcast(SPECIES, HALF_PI)
                    .sub(arc)
                    .blend(arc, high.compare(VectorOperators.LE, low))
                    .reinterpretAsLongs()
                    .lanewise(VectorOperators.XOR, s.reinterpretAsLongs().and(DoubleReluLoops.SIGN))
                    .reinterpretAsDoubles();
            DoubleVector n = angle.mul(DoubleVector.broadcast(SPECIES, value));
            DoubleVector w = DoubleVector.broadcast(SPECIES, slope).div(root);
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
            double epsilon) {
        for (int j = 0; j < width; j++) {
            DoubleVector s = DoubleVector.fromArray(SPECIES, sum, LEAD + j * COLUMN);
            DoubleVector t = DoubleVector.fromArray(SPECIES, sum, LEAD + j * COLUMN + LANES);
            DoubleVector a = DoubleVector.fromArray(SPECIES, la, pa + j * COLUMN);
            DoubleVector b = DoubleVector.fromArray(SPECIES, lb, pb + j * step);
            DoubleVector rest =
                    a.mul(b).sub(s.mul(s)).reinterpretAsLongs().max(0).reinterpretAsDoubles();
            DoubleVector root = a.add(b)
                    .fma(
                            DoubleVector.broadcast(SPECIES, epsilon),
                            rest.add(DoubleVector.broadcast(SPECIES, epsilon * epsilon)))
                    .sqrt();
            DoubleVector c = s.mul(DoubleVector.fromArray(SPECIES, lb, pb + j * step + inverseOffset))
                    .mul(DoubleVector.fromArray(SPECIES, la, pa + j * COLUMN + LANES));
            DoubleVector high = c.abs();
            DoubleVector low = root.mul(DoubleVector.fromArray(SPECIES, lb, pb + j * step + inverseOffset))
                    .mul(DoubleVector.fromArray(SPECIES, la, pa + j * COLUMN + LANES));
            DoubleVector y =
                    high.reinterpretAsLongs().min(low.reinterpretAsLongs()).reinterpretAsDoubles();
            DoubleVector z = y.mul(y);
            DoubleVector arc = DoubleVector.broadcast(SPECIES, A17)
                    .fma(z, DoubleVector.broadcast(SPECIES, A16))
                    .fma(z, DoubleVector.broadcast(SPECIES, A15))
                    .fma(z, DoubleVector.broadcast(SPECIES, A14))
                    .fma(z, DoubleVector.broadcast(SPECIES, A13))
                    .fma(z, DoubleVector.broadcast(SPECIES, A12))
                    .fma(z, DoubleVector.broadcast(SPECIES, A11))
                    .fma(z, DoubleVector.broadcast(SPECIES, A10))
                    .fma(z, DoubleVector.broadcast(SPECIES, A9))
                    .fma(z, DoubleVector.broadcast(SPECIES, A8))
                    .fma(z, DoubleVector.broadcast(SPECIES, A7))
                    .fma(z, DoubleVector.broadcast(SPECIES, A6))
                    .fma(z, DoubleVector.broadcast(SPECIES, A5))
                    .fma(z, DoubleVector.broadcast(SPECIES, A4))
                    .fma(z, DoubleVector.broadcast(SPECIES, A3))
                    .fma(z, DoubleVector.broadcast(SPECIES, A2))
                    .fma(z, DoubleVector.broadcast(SPECIES, A1))
                    .fma(z, DoubleVector.broadcast(SPECIES, A0))
                    .mul(y);
            DoubleVector angle = DoubleVector.broadcast(SPECIES, HALF_PI)
                    .sub(arc)
                    .blend(arc, high.compare(VectorOperators.LE, low))
                    .reinterpretAsLongs()
                    .lanewise(VectorOperators.XOR, s.reinterpretAsLongs().and(DoubleReluLoops.SIGN))
                    .reinterpretAsDoubles();
            DoubleVector both = angle.fma(DoubleVector.broadcast(SPECIES, TURN), DoubleVector.broadcast(SPECIES, 0.25));
            DoubleVector mine = DoubleVector.fromArray(SPECIES, la, pa + j * COLUMN + LANES);
            DoubleVector theirs = DoubleVector.fromArray(SPECIES, lb, pb + j * step + inverseOffset);
            DoubleVector h = mine.mul(mine).add(theirs.mul(theirs)).mul(DoubleVector.broadcast(SPECIES, epsilon));
            DoubleVector inverse = DoubleVector.broadcast(SPECIES, 1.0).div(root);
            DoubleVector density = inverse.mul(DoubleVector.broadcast(SPECIES, TURN));
            DoubleVector e = inverse.mul(DoubleVector.broadcast(SPECIES, epsilon));
            DoubleVector n = s.mul(s).fma(h, rest).fma(density, s.mul(both));
            DoubleVector w = e.fma(e, h).mul(s).fma(density, both);
            n.intoArray(x, out + j * COLUMN);
            t.fma(w, n).intoArray(x, out + j * COLUMN + LANES);
        }
    }
}

package cntk.backend.cpu;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** ReLU of a row whose window sums are there already: any window, frozen layers, images with themselves. */
final class DoubleScratchLoops {
    private static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int LEAD = DoubleCells.LEAD;
    private static final int COLUMN = 2 * LANES;

    private DoubleScratchLoops() {}

    /** ReLU of a scratch row, for tables of either kind. */
    static void reluRow(
            double[] sum,
            double[] x,
            int out,
            double[] la,
            int pa,
            double[] lb,
            int pb,
            int step,
            int inverseOffset,
            int width) {
        for (int j = 0; j < width; j++) {
            DoubleVector s = DoubleVector.fromArray(SPECIES, sum, LEAD + j * COLUMN);
            DoubleVector t = DoubleVector.fromArray(SPECIES, sum, LEAD + j * COLUMN + LANES);
            DoubleVector d = DoubleVector.fromArray(SPECIES, lb, pb + j * step)
                    .mul(DoubleVector.broadcast(SPECIES, la[pa + 2 * j]))
                    .sub(s.abs())
                    .reinterpretAsLongs()
                    .max(0)
                    .reinterpretAsDoubles();
            DoubleVector u = d.mul(DoubleVector.fromArray(SPECIES, lb, pb + j * step + inverseOffset)
                    .mul(DoubleVector.broadcast(SPECIES, la[pa + 2 * j + 1])));
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
            DoubleVector n = d.mul(q).fma(r, s.reinterpretAsLongs().max(0).reinterpretAsDoubles());
            DoubleVector w = q.fma(p, DoubleVector.broadcast(SPECIES, 0.5))
                    .reinterpretAsLongs()
                    .lanewise(VectorOperators.XOR, s.reinterpretAsLongs().and(DoubleReluLoops.SIGN))
                    .reinterpretAsDoubles()
                    .add(DoubleVector.broadcast(SPECIES, 0.5));
            n.intoArray(x, out + j * COLUMN);
            t.fma(w, n).intoArray(x, out + j * COLUMN + LANES);
        }
    }

    /** ReLU of a scratch row of images with themselves: both factors from one interleaved table. */
    static void reluLanesRow(double[] sum, double[] x, int out, double[] l, int pa, int pb, int width) {
        for (int j = 0; j < width; j++) {
            DoubleVector s = DoubleVector.fromArray(SPECIES, sum, LEAD + j * COLUMN);
            DoubleVector t = DoubleVector.fromArray(SPECIES, sum, LEAD + j * COLUMN + LANES);
            DoubleVector d = DoubleVector.fromArray(SPECIES, l, pb + j * COLUMN)
                    .mul(DoubleVector.fromArray(SPECIES, l, pa + j * COLUMN))
                    .sub(s.abs())
                    .reinterpretAsLongs()
                    .max(0)
                    .reinterpretAsDoubles();
            DoubleVector u = d.mul(DoubleVector.fromArray(SPECIES, l, pb + j * COLUMN + LANES)
                    .mul(DoubleVector.fromArray(SPECIES, l, pa + j * COLUMN + LANES)));
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
            DoubleVector n = d.mul(q).fma(r, s.reinterpretAsLongs().max(0).reinterpretAsDoubles());
            DoubleVector w = q.fma(p, DoubleVector.broadcast(SPECIES, 0.5))
                    .reinterpretAsLongs()
                    .lanewise(VectorOperators.XOR, s.reinterpretAsLongs().and(DoubleReluLoops.SIGN))
                    .reinterpretAsDoubles()
                    .add(DoubleVector.broadcast(SPECIES, 0.5));
            n.intoArray(x, out + j * COLUMN);
            t.fma(w, n).intoArray(x, out + j * COLUMN + LANES);
        }
    }
}

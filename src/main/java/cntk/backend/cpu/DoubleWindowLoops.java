package cntk.backend.cpu;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * Window sums of one row, and what a layer adds: S + bias, and T~ + tangentBias + own S, where own is -1 for a frozen layer, which
 * leaves its S out of T~, else 0. First the rows of the window, then its columns, each the middle and then outwards
 * ({@link WindowOrder}). The same as loops over numbers took most of the time of a layer that is no 3x3 ReLU (decisions/0005).
 */
final class DoubleWindowLoops {
    private static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int LEAD = DoubleCells.LEAD;
    private static final int COLUMN = 2 * LANES;

    private DoubleWindowLoops() {}

    /** 3x3 windows, in one pass. Every neighbour counts. */
    static void openNine(
            double[] x, int[] window, double[] sums, int width, double bias, double tangentBias, double own) {
        int r1 = LEAD + window[0];
        int r0 = LEAD + window[1];
        int r2 = LEAD + window[2];
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
            DoubleVector s = v1.add(v0).add(v2);
            DoubleVector t = t1.add(t0).add(t2);
            v0 = v1;
            v1 = v2;
            t0 = t1;
            t1 = t2;
            s.add(DoubleVector.broadcast(SPECIES, bias)).intoArray(sums, LEAD + j * COLUMN);
            s.fma(DoubleVector.broadcast(SPECIES, own), t.add(DoubleVector.broadcast(SPECIES, tangentBias)))
                    .intoArray(sums, LEAD + j * COLUMN + LANES);
        }
    }

    /** 3x3 windows, in one pass. Links are 0/1 factors [offset in WindowOrder][j][S, T~][lane]. */
    static void linkedNine(
            double[] x,
            int[] window,
            double[] link,
            double[] sums,
            int width,
            double bias,
            double tangentBias,
            double own) {
        int r1 = LEAD + window[0];
        int r0 = LEAD + window[1];
        int r2 = LEAD + window[2];
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
            DoubleVector left = DoubleVector.fromArray(SPECIES, link, LEAD + j * COLUMN);
            DoubleVector right = DoubleVector.fromArray(SPECIES, link, LEAD + (width + j) * COLUMN);
            DoubleVector s = v2.fma(right, v0.fma(left, v1));
            DoubleVector t = t2.fma(right, t0.fma(left, t1));
            v0 = v1;
            v1 = v2;
            t0 = t1;
            t1 = t2;
            s.add(DoubleVector.broadcast(SPECIES, bias)).intoArray(sums, LEAD + j * COLUMN);
            s.fma(DoubleVector.broadcast(SPECIES, own), t.add(DoubleVector.broadcast(SPECIES, tangentBias)))
                    .intoArray(sums, LEAD + j * COLUMN + LANES);
        }
    }

    /**
     * Sums over the rows of a window.
     *
     * @param window offsets of column 0 of the rows in {@code x}, of which the first {@code rows} count
     * @param length of what is summed, from {@code halo} before column 0 on
     */
    static void addRows(double[] x, int[] window, int rows, double[] vertical, int halo, int length) {
        int middle = LEAD + window[0] - halo;
        int above = LEAD + window[Math.min(1, rows - 1)] - halo;
        int below = LEAD + window[Math.min(2, rows - 1)] - halo;
        if (rows == 1) {
            System.arraycopy(x, middle, vertical, LEAD, length);
            return;
        }
        for (int at = 0; at < length; at += LANES) {
            DoubleVector.fromArray(SPECIES, x, middle + at)
                    .add(DoubleVector.fromArray(SPECIES, x, above + at))
                    .add(DoubleVector.fromArray(SPECIES, x, below + at))
                    .intoArray(vertical, LEAD + at);
        }
        for (int k = 3; k < rows; k += 2) {
            int outer = LEAD + window[k] - halo;
            int other = LEAD + window[k + 1] - halo;
            for (int at = 0; at < length; at += LANES) {
                DoubleVector.fromArray(SPECIES, vertical, LEAD + at)
                        .add(DoubleVector.fromArray(SPECIES, x, outer + at))
                        .add(DoubleVector.fromArray(SPECIES, x, other + at))
                        .intoArray(vertical, LEAD + at);
            }
        }
    }

    /**
     * Sums over the columns of a window.
     *
     * @param link 0/1 factors [offset in WindowOrder][j][S, T~][lane], or null where every neighbour counts
     */
    static void addColumns(
            double[] vertical,
            int halo,
            int[] around,
            double @Nullable [] link,
            double[] sums,
            int width,
            double bias,
            double tangentBias,
            double own) {
        int length = width * COLUMN;
        System.arraycopy(vertical, LEAD + halo, sums, LEAD, length);
        for (int k = 0; k < around.length; k += 2) {
            int first = LEAD + halo + around[k] * COLUMN;
            int second = LEAD + halo + around[k + 1] * COLUMN;
            if (link == null) {
                addOpen(vertical, first, second, sums, length);
            } else {
                addLinked(vertical, first, second, link, LEAD + k * length, sums, length);
            }
        }
        finish(sums, width, bias, tangentBias, own);
    }

    private static void addOpen(double[] vertical, int first, int second, double[] sums, int length) {
        for (int at = 0; at < length; at += LANES) {
            DoubleVector.fromArray(SPECIES, sums, LEAD + at)
                    .add(DoubleVector.fromArray(SPECIES, vertical, first + at))
                    .add(DoubleVector.fromArray(SPECIES, vertical, second + at))
                    .intoArray(sums, LEAD + at);
        }
    }

    private static void addLinked(
            double[] vertical, int first, int second, double[] link, int links, double[] sums, int length) {
        for (int at = 0; at < length; at += LANES) {
            DoubleVector near = DoubleVector.fromArray(SPECIES, vertical, first + at)
                    .fma(
                            DoubleVector.fromArray(SPECIES, link, links + at),
                            DoubleVector.fromArray(SPECIES, sums, LEAD + at));
            DoubleVector.fromArray(SPECIES, vertical, second + at)
                    .fma(DoubleVector.fromArray(SPECIES, link, links + length + at), near)
                    .intoArray(sums, LEAD + at);
        }
    }

    private static void finish(double[] sums, int width, double bias, double tangentBias, double own) {
        for (int at = LEAD; at < LEAD + width * COLUMN; at += COLUMN) {
            DoubleVector s = DoubleVector.fromArray(SPECIES, sums, at);
            DoubleVector t =
                    DoubleVector.fromArray(SPECIES, sums, at + LANES).add(DoubleVector.broadcast(SPECIES, tangentBias));
            s.add(DoubleVector.broadcast(SPECIES, bias)).intoArray(sums, at);
            s.fma(DoubleVector.broadcast(SPECIES, own), t).intoArray(sums, at + LANES);
        }
    }

    /** S, and T = T~ - S. */
    static void take(double[] x, int from, double[] sums, int width) {
        for (int at = 0; at < width * COLUMN; at += COLUMN) {
            DoubleVector s = DoubleVector.fromArray(SPECIES, x, from + at);
            s.intoArray(sums, LEAD + at);
            DoubleVector.fromArray(SPECIES, x, from + at + LANES).sub(s).intoArray(sums, LEAD + at + LANES);
        }
    }

    /** S, and T~ = T + S. */
    static void keep(double[] sums, double[] x, int out, int width) {
        for (int at = 0; at < width * COLUMN; at += COLUMN) {
            DoubleVector s = DoubleVector.fromArray(SPECIES, sums, LEAD + at);
            s.intoArray(x, out + at);
            DoubleVector.fromArray(SPECIES, sums, LEAD + at + LANES).add(s).intoArray(x, out + at + LANES);
        }
    }
}

package cntk.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * Window sums of one row, and what a layer adds: S + bias, and T~ + tangentBias + own S, where own is -1 for a frozen layer, which
 * leaves its S out of T~, else 0. First the rows of the window, then its columns, each the middle and then outwards
 * ({@link WindowOrder}). The same as loops over numbers took most of the time of a layer that is no 3x3 ReLU (decisions/0005).
 */
final class FloatWindowLoops {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int LEAD = FloatCells.LEAD;
    private static final int COLUMN = 2 * LANES;

    private FloatWindowLoops() {}

    /** 3x3 windows, in one pass. Every neighbour counts. */
    static void openNine(float[] x, int[] window, float[] sums, int width, float bias, float tangentBias, float own) {
        int r1 = LEAD + window[0];
        int r0 = LEAD + window[1];
        int r2 = LEAD + window[2];
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
            FloatVector s = v1.add(v0).add(v2);
            FloatVector t = t1.add(t0).add(t2);
            v0 = v1;
            v1 = v2;
            t0 = t1;
            t1 = t2;
            s.add(FloatVector.broadcast(SPECIES, bias)).intoArray(sums, LEAD + j * COLUMN);
            s.fma(FloatVector.broadcast(SPECIES, own), t.add(FloatVector.broadcast(SPECIES, tangentBias)))
                    .intoArray(sums, LEAD + j * COLUMN + LANES);
        }
    }

    /** 3x3 windows, in one pass. Links are 0/1 factors [offset in WindowOrder][j][S, T~][lane]. */
    static void linkedNine(
            float[] x, int[] window, float[] link, float[] sums, int width, float bias, float tangentBias, float own) {
        int r1 = LEAD + window[0];
        int r0 = LEAD + window[1];
        int r2 = LEAD + window[2];
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
            FloatVector left = FloatVector.fromArray(SPECIES, link, LEAD + j * COLUMN);
            FloatVector right = FloatVector.fromArray(SPECIES, link, LEAD + (width + j) * COLUMN);
            FloatVector s = v2.fma(right, v0.fma(left, v1));
            FloatVector t = t2.fma(right, t0.fma(left, t1));
            v0 = v1;
            v1 = v2;
            t0 = t1;
            t1 = t2;
            s.add(FloatVector.broadcast(SPECIES, bias)).intoArray(sums, LEAD + j * COLUMN);
            s.fma(FloatVector.broadcast(SPECIES, own), t.add(FloatVector.broadcast(SPECIES, tangentBias)))
                    .intoArray(sums, LEAD + j * COLUMN + LANES);
        }
    }

    /**
     * Sums over the rows of a window.
     *
     * @param window offsets of column 0 of the rows in {@code x}, of which the first {@code rows} count
     * @param length of what is summed, from {@code halo} before column 0 on
     */
    static void addRows(float[] x, int[] window, int rows, float[] vertical, int halo, int length) {
        int middle = LEAD + window[0] - halo;
        int above = LEAD + window[Math.min(1, rows - 1)] - halo;
        int below = LEAD + window[Math.min(2, rows - 1)] - halo;
        if (rows == 1) {
            System.arraycopy(x, middle, vertical, LEAD, length);
            return;
        }
        for (int at = 0; at < length; at += LANES) {
            FloatVector.fromArray(SPECIES, x, middle + at)
                    .add(FloatVector.fromArray(SPECIES, x, above + at))
                    .add(FloatVector.fromArray(SPECIES, x, below + at))
                    .intoArray(vertical, LEAD + at);
        }
        for (int k = 3; k < rows; k += 2) {
            int outer = LEAD + window[k] - halo;
            int other = LEAD + window[k + 1] - halo;
            for (int at = 0; at < length; at += LANES) {
                FloatVector.fromArray(SPECIES, vertical, LEAD + at)
                        .add(FloatVector.fromArray(SPECIES, x, outer + at))
                        .add(FloatVector.fromArray(SPECIES, x, other + at))
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
            float[] vertical,
            int halo,
            int[] around,
            float @Nullable [] link,
            float[] sums,
            int width,
            float bias,
            float tangentBias,
            float own) {
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

    private static void addOpen(float[] vertical, int first, int second, float[] sums, int length) {
        for (int at = 0; at < length; at += LANES) {
            FloatVector.fromArray(SPECIES, sums, LEAD + at)
                    .add(FloatVector.fromArray(SPECIES, vertical, first + at))
                    .add(FloatVector.fromArray(SPECIES, vertical, second + at))
                    .intoArray(sums, LEAD + at);
        }
    }

    private static void addLinked(
            float[] vertical, int first, int second, float[] link, int links, float[] sums, int length) {
        for (int at = 0; at < length; at += LANES) {
            FloatVector near = FloatVector.fromArray(SPECIES, vertical, first + at)
                    .fma(
                            FloatVector.fromArray(SPECIES, link, links + at),
                            FloatVector.fromArray(SPECIES, sums, LEAD + at));
            FloatVector.fromArray(SPECIES, vertical, second + at)
                    .fma(FloatVector.fromArray(SPECIES, link, links + length + at), near)
                    .intoArray(sums, LEAD + at);
        }
    }

    private static void finish(float[] sums, int width, float bias, float tangentBias, float own) {
        for (int at = LEAD; at < LEAD + width * COLUMN; at += COLUMN) {
            FloatVector s = FloatVector.fromArray(SPECIES, sums, at);
            FloatVector t =
                    FloatVector.fromArray(SPECIES, sums, at + LANES).add(FloatVector.broadcast(SPECIES, tangentBias));
            s.add(FloatVector.broadcast(SPECIES, bias)).intoArray(sums, at);
            s.fma(FloatVector.broadcast(SPECIES, own), t).intoArray(sums, at + LANES);
        }
    }

    /** S, and T = T~ - S. */
    static void take(float[] x, int from, float[] sums, int width) {
        for (int at = 0; at < width * COLUMN; at += COLUMN) {
            FloatVector s = FloatVector.fromArray(SPECIES, x, from + at);
            s.intoArray(sums, LEAD + at);
            FloatVector.fromArray(SPECIES, x, from + at + LANES).sub(s).intoArray(sums, LEAD + at + LANES);
        }
    }

    /** S, and T~ = T + S. */
    static void keep(float[] sums, float[] x, int out, int width) {
        for (int at = 0; at < width * COLUMN; at += COLUMN) {
            FloatVector s = FloatVector.fromArray(SPECIES, sums, LEAD + at);
            s.intoArray(x, out + at);
            FloatVector.fromArray(SPECIES, sums, LEAD + at + LANES).add(s).intoArray(x, out + at + LANES);
        }
    }
}

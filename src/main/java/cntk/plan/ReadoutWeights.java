package cntk.plan;

import java.util.Arrays;

/**
 * The readout as a weighted sum over the entries of the last segment: entry [i,j,i',j'] counts {@code rows[i][i'] *
 * cols[j][j']} times. Flatten counts equal pixels, gap everything; pooling right before either is part of the weights (maths.md eq. 32).
 */
public record ReadoutWeights(double[][] rows, double[][] cols) {
    static double[][] trace(int side) {
        double[][] weights = new double[side][side];
        for (int i = 0; i < side; i++) {
            weights[i][i] = 1;
        }
        return weights;
    }

    static double[][] all(int side) {
        double[][] weights = new double[side][side];
        for (double[] row : weights) {
            Arrays.fill(row, 1);
        }
        return weights;
    }

    /** Torus displacements with a weight that is not 0. */
    private static boolean[] displacements(double[][] weights) {
        int side = weights.length;
        boolean[] wanted = new boolean[side];
        for (int i = 0; i < side; i++) {
            for (int other = 0; other < side; other++) {
                wanted[Math.floorMod(i - other, side)] |= weights[i][other] != 0;
            }
        }
        return wanted;
    }

    /** Torus displacements of rows that are read at all. */
    public boolean[] rowDisplacements() {
        return displacements(rows);
    }

    /** Torus displacements of columns that are read at all. */
    public boolean[] colDisplacements() {
        return displacements(cols);
    }

    /** Whether only plane (0,0) is read. */
    public boolean onlyEqualPixels() {
        return onlyZero(rowDisplacements()) && onlyZero(colDisplacements());
    }

    private static boolean onlyZero(boolean[] displacements) {
        for (int d = 1; d < displacements.length; d++) {
            if (displacements[d]) {
                return false;
            }
        }
        return true;
    }

    /** Whether every entry of the planes that are read counts once. */
    public boolean plain() {
        return plain(rows) && plain(cols);
    }

    private static boolean plain(double[][] weights) {
        int side = weights.length;
        boolean[] wanted = displacements(weights);
        for (int i = 0; i < side; i++) {
            for (int other = 0; other < side; other++) {
                if (wanted[Math.floorMod(i - other, side)] && weights[i][other] != 1) {
                    return false;
                }
            }
        }
        return true;
    }
}

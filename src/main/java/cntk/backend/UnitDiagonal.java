package cntk.backend;

import cntk.dataset.InputException;
import cntk.plan.Tile;

/** Kernels brought to unit diagonal, k(x,z) / sqrt(k(x,x) k(z,z)): maths.md eq. 34. */
public final class UnitDiagonal {
    private UnitDiagonal() {}

    /** k(x,x) of an image by its number. */
    @FunctionalInterface
    public interface Diagonal {
        double of(int kernel, int image);
    }

    /**
     * Scales a tile in place; an entry of an image with itself becomes exactly 1 where it is the bits of the diagonal.
     *
     * @param kernels in {@code out}, one behind the other
     * @throws InputException naming an image whose kernel with itself is 0
     */
    public static void scale(Tile tile, int kernels, double[] out, Diagonal rows, Diagonal cols) {
        for (int kernel = 0; kernel < kernels; kernel++) {
            double[] rowScales = scales(kernel, rows, "row", tile.rowBegin(), tile.rowEnd());
            double[] colScales = scales(kernel, cols, "column", tile.colBegin(), tile.colEnd());
            int at = kernel * tile.entries();
            for (double row : rowScales) {
                for (double col : colScales) {
                    out[at++] /= Math.sqrt(row * col);
                }
            }
        }
    }

    private static double[] scales(int kernel, Diagonal diagonal, String side, int begin, int end) {
        double[] scales = new double[end - begin];
        for (int image = begin; image < end; image++) {
            scales[image - begin] = positive(diagonal.of(kernel, image), side, image);
        }
        return scales;
    }

    private static double positive(double selfKernel, String side, int image) {
        if (!(selfKernel > 0)) {
            throw new InputException("image " + image + " of the matrix's " + side + "s has the kernel " + selfKernel
                    + " with itself and cannot be scaled to unit diagonal"
                    + "\nhint: leave the image out, or add a bias to the network");
        }
        return selfKernel;
    }
}

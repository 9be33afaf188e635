package cntk.solve;

import cntk.dataset.InputException;
import cntk.dataset.NpyMatrix;
import cntk.dataset.NpyType;
import cntk.plan.Tile;
import cntk.plan.TilePlan;

/** Kernel matrices that somebody else computed, in {@code .npy} files; held to what a kernel matrix is before they are used. */
public final class NpyKernel implements KernelSource {
    private static final int SIDE = 256;
    /** Of the largest diagonal entry: how far rounding in other programs lets K[i,j] and K[j,i] differ. */
    private static final double F32_ASYMMETRY = 1e-5;

    private static final double F64_ASYMMETRY = 1e-9;

    private final NpyMatrix matrix;
    private final TilePlan plan;

    private NpyKernel(NpyMatrix matrix) {
        this.matrix = matrix;
        this.plan = new TilePlan(matrix.rows(), matrix.columns(), SIDE, true);
    }

    /**
     * A training kernel, [n,n]. Entries that differ from their mirror image by rounding are averaged with it.
     *
     * @param matrix stays the caller's to close
     * @throws InputException naming the file and the first entry, in row order, that is NaN, infinite or not symmetric
     */
    public static NpyKernel training(NpyMatrix matrix) {
        if (matrix.rows() != matrix.columns()) {
            throw new InputException(matrix.file() + " has shape (" + matrix.rows() + ", " + matrix.columns()
                    + "), expected a square matrix of the training images");
        }
        NpyKernel kernel = new NpyKernel(matrix);
        double largest = 0;
        for (int image = 0; image < matrix.rows(); image++) {
            requireFinite(matrix, image, 0, matrix.columns());
            largest = Math.max(largest, Math.abs(matrix.get(image, image)));
        }
        kernel.requireSymmetric(largest * (matrix.type() == NpyType.F32 ? F32_ASYMMETRY : F64_ASYMMETRY));
        return kernel;
    }

    /**
     * A test kernel, [m,n]; its entries are checked when they are read.
     *
     * @param matrix stays the caller's to close, after the last read
     * @param training images that the columns stand for
     */
    public static CrossKernel cross(NpyMatrix matrix, int training) {
        if (matrix.columns() != training) {
            throw new InputException(matrix.file() + " has shape (" + matrix.rows() + ", " + matrix.columns()
                    + "), expected one row per test image and one column for each of the " + training
                    + " training images");
        }
        TilePlan plan = new TilePlan(matrix.rows(), matrix.columns(), SIDE, false);
        return new CrossKernel(plan, (tile, out) -> {
            for (int row = tile.rowBegin(); row < tile.rowEnd(); row++) {
                requireFinite(matrix, row, tile.colBegin(), tile.cols());
                matrix.read(row, tile.colBegin(), tile.cols(), out, (row - tile.rowBegin()) * tile.cols());
            }
        });
    }

    private static void requireFinite(NpyMatrix matrix, int row, int from, int count) {
        double[] values = new double[count];
        matrix.read(row, from, count, values, 0);
        if (Finite.all(values, 0, count)) {
            return;
        }
        int place = 0;
        while (Double.isFinite(values[place])) {
            place++;
        }
        throw new InputException(matrix.file() + " has " + values[place] + " at [" + row + ", " + (from + place)
                + "], expected finite numbers");
    }

    private void requireSymmetric(double allowed) {
        int firstRow = Integer.MAX_VALUE;
        int firstCol = Integer.MAX_VALUE;
        double[] above = new double[SIDE * SIDE];
        double[] below = new double[SIDE * SIDE];
        for (Tile tile : plan.tiles()) {
            read(tile, above, below);
            for (int entry = 0; entry < tile.entries(); entry++) {
                int row = tile.rowBegin() + entry / tile.cols();
                int col = tile.colBegin() + entry % tile.cols();
                boolean earlier = row < firstRow || (row == firstRow && col < firstCol);
                if (earlier && Math.abs(above[entry] - mirrored(tile, below, entry)) > allowed) {
                    firstRow = row;
                    firstCol = col;
                }
            }
        }
        if (firstRow < Integer.MAX_VALUE) {
            throw new InputException(matrix.file() + " is not symmetric: it has " + matrix.get(firstRow, firstCol)
                    + " at [" + firstRow + ", " + firstCol + "] and " + transposed(firstRow, firstCol) + " at ["
                    + firstCol + ", " + firstRow + "]");
        }
    }

    private double transposed(int row, int col) {
        return matrix.get(/* row= */ col, /* column= */ row);
    }

    /** The tile, and its mirror image, both row-major as they stand in the file. */
    private void read(Tile tile, double[] above, double[] below) {
        for (int row = 0; row < tile.rows(); row++) {
            matrix.read(tile.rowBegin() + row, tile.colBegin(), tile.cols(), above, row * tile.cols());
        }
        for (int col = 0; col < tile.cols(); col++) {
            matrix.read(tile.colBegin() + col, tile.rowBegin(), tile.rows(), below, col * tile.rows());
        }
    }

    /** What stands in the mirror image for an entry of the tile. */
    private static double mirrored(Tile tile, double[] below, int entry) {
        return below[entry % tile.cols() * tile.rows() + entry / tile.cols()];
    }

    @Override
    public int size() {
        return matrix.rows();
    }

    @Override
    public void writeTo(LowerTriangleSink sink) {
        double[] above = new double[SIDE * SIDE];
        double[] below = new double[SIDE * SIDE];
        for (Tile tile : plan.tiles()) {
            read(tile, above, below);
            for (int entry = 0; entry < tile.entries(); entry++) {
                double mirror = mirrored(tile, below, entry);
                above[entry] += (mirror - above[entry]) / 2; // equal entries keep their bits
            }
            for (int image = tile.rowBegin(); image < tile.rowEnd(); image++) {
                int partner = Math.max(image, tile.colBegin());
                int from = (image - tile.rowBegin()) * tile.cols() + partner - tile.colBegin();
                sink.put(image, partner, above, from, tile.colEnd() - partner);
            }
        }
    }
}

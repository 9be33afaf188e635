package cntk.solve;

import java.util.ArrayList;
import java.util.List;

/**
 * Regressions on parts of the training images, from principal submatrices of one kernel: two n x n matrices of memory. The
 * coefficients stand in the rows of the chosen images, 0 in all others, so one pass over the cross kernel serves all.
 */
public final class LearningCurve implements AutoCloseable {
    private final Lapack lapack;
    private final LoadedKernel kernel;

    /** Loads the kernel. */
    public LearningCurve(OpenBlas library, KernelSource source) {
        this.lapack = new Lapack(library);
        this.kernel = new LoadedKernel(source);
        try {
            kernel.load();
        } catch (RuntimeException | Error failure) {
            kernel.close();
            throw failure;
        }
    }

    /** Mean of the diagonal. */
    public double meanDiagonal() {
        return kernel.matrix().trace() / kernel.matrix().rows();
    }

    /** A part of the images whose kernel with the ridge does not factorise. */
    public static final class SingularPartException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        SingularPartException(int images, int image) {
            super("the kernel of " + images + " drawn images is singular at training image " + image);
        }
    }

    /**
     * Coefficients for each part, n x (parts * outputs), the columns of a part together; the caller closes it.
     *
     * @param targets n x outputs
     * @throws SingularPartException when a part does not factorise
     */
    public NativeMatrix coefficients(List<int[]> parts, NativeMatrix targets, double ridge) {
        int outputs = targets.cols();
        NativeMatrix all = NativeMatrix.zeros(targets.rows(), Math.multiplyExact(parts.size(), outputs));
        try {
            for (int part = 0; part < parts.size(); part++) {
                solve(parts.get(part), targets, ridge, all, part * outputs);
            }
            return all;
        } catch (RuntimeException | Error failure) {
            all.close();
            throw failure;
        }
    }

    private void solve(int[] images, NativeMatrix targets, double ridge, NativeMatrix all, int firstColumn) {
        try (NativeMatrix block = block(images);
                NativeMatrix solution = NativeMatrix.zeros(images.length, targets.cols())) {
            block.addToDiagonal(ridge);
            int failing = lapack.factorise(block);
            if (failing != 0) {
                throw new SingularPartException(images.length, images[failing - 1]);
            }
            for (int place = 0; place < images.length; place++) {
                for (int output = 0; output < targets.cols(); output++) {
                    solution.set(place, output, targets.get(images[place], output));
                }
            }
            lapack.solve(block, solution);
            for (int place = 0; place < images.length; place++) {
                for (int output = 0; output < targets.cols(); output++) {
                    all.set(images[place], firstColumn + output, solution.get(place, output));
                }
            }
        }
    }

    /** Lower triangle of the rows and columns {@code images}, ascending. */
    private NativeMatrix block(int[] images) {
        NativeMatrix block = NativeMatrix.zeros(images.length, images.length);
        double[] column = new double[kernel.matrix().rows()];
        double[] chosen = new double[images.length];
        for (int col = 0; col < images.length; col++) {
            int from = images[col];
            kernel.matrix().getColumn(from, from, column, from, column.length - from);
            for (int row = col; row < images.length; row++) {
                chosen[row] = column[images[row]];
            }
            block.putColumn(col, col, chosen, col, images.length - col);
        }
        return block;
    }

    /** Class-balanced draws of each size; one draw where all images are taken. */
    public static List<int[]> parts(Folds folds, int images, List<Integer> sizes, int draws) {
        List<int[]> parts = new ArrayList<>();
        for (int size : sizes) {
            for (int draw = 0; draw < (size == images ? 1 : draws); draw++) {
                parts.add(folds.draw(size));
            }
        }
        return parts;
    }

    @Override
    public void close() {
        kernel.close();
    }
}

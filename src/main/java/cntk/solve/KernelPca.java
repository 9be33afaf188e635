package cntk.solve;

/**
 * Kernel principal components (Schoelkopf et al. 1998; maths.md, eq. 44): the leading directions of the images in the feature
 * space of the kernel, around their mean. The sign of a component makes its largest training score positive.
 */
public final class KernelPca implements AutoCloseable {
    private final Lapack lapack;
    private final double[] variances;
    private final NativeMatrix vectors;
    private final double[] rowMeans;
    private final double mean;

    private KernelPca(Lapack lapack, double[] variances, NativeMatrix vectors, double[] rowMeans, double mean) {
        this.lapack = lapack;
        this.variances = variances;
        this.vectors = vectors;
        this.rowMeans = rowMeans;
        this.mean = mean;
    }

    /**
     * Finds the components; needs one n x n matrix.
     *
     * @param components at most n
     */
    public static KernelPca of(OpenBlas library, KernelSource kernel, int components) {
        Lapack lapack = new Lapack(library);
        int n = kernel.size();
        try (LoadedKernel loaded = new LoadedKernel(kernel)) {
            loaded.load();
            NativeMatrix matrix = loaded.matrix();
            double[] rowMeans = rowMeans(matrix);
            double mean = 0;
            for (double rowMean : rowMeans) {
                mean += rowMean / n;
            }
            for (int col = 0; col < n; col++) {
                for (int row = col; row < n; row++) {
                    matrix.set(row, col, matrix.get(row, col) - rowMeans[row] - rowMeans[col] + mean);
                }
            }
            NativeMatrix vectors = NativeMatrix.zeros(n, components);
            try {
                double[] ascending = lapack.largestEigen(matrix, components, vectors);
                return new KernelPca(lapack, reversed(ascending), signed(vectors), rowMeans, mean);
            } catch (RuntimeException | Error failure) {
                vectors.close();
                throw failure;
            }
        }
    }

    /** Of the lower triangle. */
    private static double[] rowMeans(NativeMatrix lower) {
        int n = lower.rows();
        double[] sums = new double[n];
        for (int col = 0; col < n; col++) {
            sums[col] += lower.get(col, col);
            for (int row = col + 1; row < n; row++) {
                double value = lower.get(row, col);
                sums[row] += value;
                sums[col] += value;
            }
        }
        for (int row = 0; row < n; row++) {
            sums[row] /= n;
        }
        return sums;
    }

    private static double[] reversed(double[] values) {
        double[] out = new double[values.length];
        for (int at = 0; at < values.length; at++) {
            out[at] = values[values.length - 1 - at];
        }
        return out;
    }

    /** The columns in descending order, each with its largest entry positive. */
    private static NativeMatrix signed(NativeMatrix ascending) {
        int n = ascending.rows();
        int count = ascending.cols();
        double[][] columns = new double[count][n];
        for (int col = 0; col < count; col++) {
            double[] column = columns[count - 1 - col];
            ascending.getColumn(col, 0, column, 0, n);
            double largest = 0;
            for (double value : column) {
                largest = Math.abs(value) > Math.abs(largest) ? value : largest;
            }
            for (int row = 0; row < n && largest < 0; row++) {
                column[row] = -column[row];
            }
        }
        for (int col = 0; col < count; col++) {
            ascending.putColumn(col, 0, columns[col], 0, n);
        }
        return ascending;
    }

    public int components() {
        return variances.length;
    }

    /** Eigenvalue of the centred kernel, descending; over n it is the variance of the component. */
    public double eigenvalue(int component) {
        return variances[component];
    }

    /** Training scores [image][component]; 0 for components without variance. */
    public double[][] train() {
        double[][] scores = new double[vectors.rows()][components()];
        for (int image = 0; image < scores.length; image++) {
            for (int component = 0; component < components(); component++) {
                scores[image][component] = vectors.get(image, component) * Math.sqrt(Math.max(0, variances[component]));
            }
        }
        return scores;
    }

    /** Test scores [image][component]. */
    public double[][] test(CrossKernel cross) {
        double[][] scores = new double[cross.rows()][components()];
        int n = vectors.rows();
        double[] row = new double[n];
        cross.forEachRowBlock((begin, block) -> {
            for (int place = 0; place < block.cols(); place++) {
                block.getColumn(place, 0, row, 0, n);
                double own = 0;
                for (double value : row) {
                    own += value / n;
                }
                for (int image = 0; image < n; image++) {
                    row[image] += mean - own - rowMeans[image];
                }
                block.putColumn(place, 0, row, 0, n);
            }
            try (NativeMatrix projected = NativeMatrix.zeros(components(), block.cols())) {
                lapack.product(1, vectors, true, block, false, 0, projected);
                for (int place = 0; place < block.cols(); place++) {
                    for (int component = 0; component < components(); component++) {
                        scores[begin + place][component] = variances[component] > 0
                                ? projected.get(component, place) / Math.sqrt(variances[component])
                                : 0;
                    }
                }
            }
        });
        return scores;
    }

    @Override
    public void close() {
        vectors.close();
    }
}

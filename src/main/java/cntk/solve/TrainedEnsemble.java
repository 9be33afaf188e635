package cntk.solve;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * The ensemble of infinitely wide networks over their initialisations while they train (Lee et al. 2019, eq. 15 and 16; maths.md,
 * eq. 51): Gaussian at every time. The mean is that of a function that starts at 0; the covariance of the test outputs, the
 * same for every output, comes from the NNGP kernel.
 */
public final class TrainedEnsemble implements AutoCloseable {
    private final Spectrum tangent;
    private final NativeMatrix turned;

    /**
     * Turns the NNGP kernel into the eigenbasis of the tangent kernel: two more n x n matrices while it does.
     *
     * @param tangent spectrum of the NTK; stays the caller's
     * @param prior NNGP kernel of the same images
     */
    public TrainedEnsemble(Spectrum tangent, KernelSource prior) {
        if (prior.size() != tangent.size()) {
            throw new IllegalArgumentException("NNGP kernel of " + prior.size() + " images, NTK of " + tangent.size());
        }
        this.tangent = tangent;
        LoadedKernel loaded = new LoadedKernel(prior);
        try {
            loaded.load();
            mirror(loaded.matrix());
            try (NativeMatrix half = tangent.project(loaded.matrix())) {
                tangent.lapack().product(1, half, false, tangent.vectors(), false, 0, loaded.matrix());
            }
            this.turned = loaded.matrix();
        } catch (RuntimeException | Error failure) {
            loaded.close();
            throw failure;
        }
    }

    private static void mirror(NativeMatrix lower) {
        for (int smaller = 0; smaller < lower.cols(); smaller++) {
            for (int larger = smaller + 1; larger < lower.rows(); larger++) {
                lower.set(/* row= */ smaller, /* col= */ larger, lower.get(larger, smaller));
            }
        }
    }

    /**
     * Variances [time][test image] of the outputs.
     *
     * @param tangentCross NTK, test x train; and {@code priorCross}, NNGP
     * @param priorDiagonal NNGP k(x,x) of the test images
     * @param filters of the times, as for {@link SpectralRegression#apply}
     */
    public double[][] variances(
            CrossKernel tangentCross,
            CrossKernel priorCross,
            double[] priorDiagonal,
            List<? extends DoubleUnaryOperator> filters) {
        double[][] variances = new double[filters.size()][];
        for (int time = 0; time < filters.size(); time++) {
            variances[time] = priorDiagonal.clone();
        }
        forEachPair(tangentCross, priorCross, (begin, modes, priorModes) -> {
            for (int time = 0; time < filters.size(); time++) {
                try (NativeMatrix filtered = filtered(modes, filters.get(time));
                        NativeMatrix spread = NativeMatrix.zeros(tangent.size(), modes.cols())) {
                    tangent.lapack().product(1, turned, false, filtered, false, 0, spread);
                    for (int place = 0; place < modes.cols(); place++) {
                        variances[time][begin + place] +=
                                dot(filtered, place, spread, place) - 2 * dot(filtered, place, priorModes, place);
                    }
                }
            }
        });
        return variances;
    }

    /**
     * Covariances [test image][test image] of the outputs at one time; for few test images, all of which are held in memory.
     *
     * @param prior NNGP kernel of the test images with each other
     */
    public double[][] covariance(
            CrossKernel tangentCross, CrossKernel priorCross, double[][] prior, DoubleUnaryOperator filter) {
        int m = tangentCross.rows();
        double[][] covariance = new double[m][];
        for (int image = 0; image < m; image++) {
            covariance[image] = prior[image].clone();
        }
        try (NativeMatrix filtered = NativeMatrix.zeros(tangent.size(), m);
                NativeMatrix linear = NativeMatrix.zeros(tangent.size(), m);
                NativeMatrix spread = NativeMatrix.zeros(tangent.size(), m)) {
            double[] column = new double[tangent.size()];
            forEachPair(tangentCross, priorCross, (begin, modes, priorModes) -> {
                try (NativeMatrix part = filtered(modes, filter)) {
                    for (int place = 0; place < part.cols(); place++) {
                        part.getColumn(place, 0, column, 0, column.length);
                        filtered.putColumn(begin + place, 0, column, 0, column.length);
                        priorModes.getColumn(place, 0, column, 0, column.length);
                        linear.putColumn(begin + place, 0, column, 0, column.length);
                    }
                }
            });
            tangent.lapack().product(1, turned, false, filtered, false, 0, spread);
            for (int row = 0; row < m; row++) {
                for (int col = 0; col < m; col++) {
                    covariance[row][col] += dot(filtered, row, spread, col)
                            - dot(filtered, row, linear, col)
                            - dot(filtered, col, linear, row);
                }
            }
            return covariance;
        }
    }

    private interface PairSink {
        void take(int begin, NativeMatrix modes, NativeMatrix priorModes);
    }

    /** Both cross kernels in the eigenbasis, row block by row block: n x rows. */
    private void forEachPair(CrossKernel tangentCross, CrossKernel priorCross, PairSink sink) {
        List<NativeMatrix> blocks = new ArrayList<>();
        List<Integer> begins = new ArrayList<>();
        try {
            tangentCross.forEachRowBlock((begin, block) -> {
                begins.add(begin);
                blocks.add(tangent.project(block));
            });
            priorCross.forEachRowBlock((begin, block) -> {
                try (NativeMatrix priorModes = tangent.project(block);
                        NativeMatrix modes = columns(blocks, begins, begin, block.cols())) {
                    sink.take(begin, modes, priorModes);
                }
            });
        } finally {
            blocks.forEach(NativeMatrix::close);
        }
    }

    /** The columns of test images {@code begin .. begin + count}: the two stores need not have the same tiles. */
    private static NativeMatrix columns(List<NativeMatrix> blocks, List<Integer> begins, int begin, int count) {
        int n = blocks.getFirst().rows();
        NativeMatrix out = NativeMatrix.zeros(n, count);
        double[] column = new double[n];
        int at = 0;
        for (int image = begin; image < begin + count; image++) {
            while (at + 1 < begins.size() && begins.get(at + 1) <= image) {
                at++;
            }
            blocks.get(at).getColumn(image - begins.get(at), 0, column, 0, n);
            out.putColumn(image - begin, 0, column, 0, n);
        }
        return out;
    }

    private NativeMatrix filtered(NativeMatrix modes, DoubleUnaryOperator filter) {
        NativeMatrix out = NativeMatrix.zeros(modes.rows(), modes.cols());
        double[] column = new double[modes.rows()];
        double[] phi = new double[modes.rows()];
        for (int mode = 0; mode < phi.length; mode++) {
            phi[mode] = filter.applyAsDouble(tangent.value(mode));
        }
        for (int place = 0; place < modes.cols(); place++) {
            modes.getColumn(place, 0, column, 0, column.length);
            for (int mode = 0; mode < phi.length; mode++) {
                column[mode] *= phi[mode];
            }
            out.putColumn(place, 0, column, 0, column.length);
        }
        return out;
    }

    private static double dot(NativeMatrix left, int leftCol, NativeMatrix right, int rightCol) {
        double[] one = new double[left.rows()];
        double[] two = new double[left.rows()];
        left.getColumn(leftCol, 0, one, 0, one.length);
        right.getColumn(rightCol, 0, two, 0, two.length);
        double sum = 0;
        for (int row = 0; row < one.length; row++) {
            sum += one[row] * two[row];
        }
        return sum;
    }

    @Override
    public void close() {
        turned.close();
    }
}

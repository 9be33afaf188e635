package cntk.finite;

import cntk.arch.Network;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How far random networks of finite width are from the kernels of the infinitely wide one, against the width; maths.md, eq. 53.
 * Errors are Frobenius norms relative to the exact matrix, root mean square over the draws.
 */
public final class WidthStudy {
    private final Network network;
    private final double[][] images;
    private final double[][] exactNngp;
    private final double[][] exactNtk;

    /** @param images values [c][i][j]; the exact kernels are of all pairs of them */
    public WidthStudy(Network network, double[][] images, double[][] exactNngp, double[][] exactNtk) {
        this.network = network;
        this.images = images;
        this.exactNngp = exactNngp;
        this.exactNtk = exactNtk;
    }

    /**
     * What one width gives.
     *
     * @param nngpError of single networks, the NNGP kernel being the mean over the outputs of one
     * @param ntkError of single networks, the NTK being that of one output
     * @param nngpErrorOfMean of the mean over all draws; {@code ntkErrorOfMean} likewise
     */
    public record Point(
            int width, int draws, double nngpError, double ntkError, double nngpErrorOfMean, double ntkErrorOfMean) {}

    /** Empirical kernels of one network. */
    private record Kernels(double[][] nngp, double[][] ntk) {}

    /** Draws networks of one width; the draws run on all processors, each with a seed of its own. */
    public Point at(int width, int draws, long seed) {
        List<Kernels> all = IntStream.range(0, draws)
                .parallel()
                .mapToObj(draw -> kernels(new FiniteNetwork(network, width, seed + draw)))
                .toList();
        double nngp = 0;
        double ntk = 0;
        double[][] nngpMean = new double[images.length][images.length];
        double[][] ntkMean = new double[images.length][images.length];
        for (Kernels one : all) {
            nngp += Math.pow(distance(one.nngp(), exactNngp), 2) / draws;
            ntk += Math.pow(distance(one.ntk(), exactNtk), 2) / draws;
            add(nngpMean, one.nngp(), draws);
            add(ntkMean, one.ntk(), draws);
        }
        return new Point(
                width,
                draws,
                Math.sqrt(nngp),
                Math.sqrt(ntk),
                distance(nngpMean, exactNngp),
                distance(ntkMean, exactNtk));
    }

    private Kernels kernels(FiniteNetwork finite) {
        List<FiniteNetwork.Answer> answers = new ArrayList<>();
        for (double[] image : images) {
            answers.add(finite.answer(image));
        }
        return new Kernels(matrix(answers, FiniteNetwork.Answer::nngp), matrix(answers, FiniteNetwork.Answer::ntk));
    }

    /** A number for two answers. */
    interface Pairing {
        double of(FiniteNetwork.Answer left, FiniteNetwork.Answer right);
    }

    static double[][] matrix(List<FiniteNetwork.Answer> answers, Pairing pairing) {
        double[][] matrix = new double[answers.size()][answers.size()];
        for (int row = 0; row < matrix.length; row++) {
            for (int col = 0; col < matrix.length; col++) {
                matrix[row][col] = pairing.of(answers.get(row), answers.get(col));
            }
        }
        return matrix;
    }

    private static void add(double[][] sum, double[][] matrix, int share) {
        for (int row = 0; row < sum.length; row++) {
            for (int col = 0; col < sum.length; col++) {
                sum[row][col] += matrix[row][col] / share;
            }
        }
    }

    /** |a - b| / |b| in the Frobenius norm. */
    static double distance(double[][] a, double[][] b) {
        double difference = 0;
        double norm = 0;
        for (int row = 0; row < b.length; row++) {
            for (int col = 0; col < b.length; col++) {
                difference += (a[row][col] - b[row][col]) * (a[row][col] - b[row][col]);
                norm += b[row][col] * b[row][col];
            }
        }
        return Math.sqrt(difference / norm);
    }

    /** Slope of the least-squares line through (ln x, ln y); NaN for fewer than two points. */
    public static double slope(double[] x, double[] y) {
        double meanX = 0;
        double meanY = 0;
        for (int at = 0; at < x.length; at++) {
            meanX += Math.log(x[at]) / x.length;
            meanY += Math.log(y[at]) / x.length;
        }
        double up = 0;
        double across = 0;
        for (int at = 0; at < x.length; at++) {
            up += (Math.log(x[at]) - meanX) * (Math.log(y[at]) - meanY);
            across += (Math.log(x[at]) - meanX) * (Math.log(x[at]) - meanX);
        }
        return x.length < 2 ? Double.NaN : up / across;
    }
}

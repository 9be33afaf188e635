package cntk.backend.cuda;

import cntk.plan.ReadoutWeights;
import java.util.Arrays;

/** Weights of readouts, one after the other: [i][i'] of the rows, then [j][j'] of the columns. */
final class ReadWeights {
    private double[] all = {};

    /** Appends the weights of a readout and returns where they begin. */
    long add(ReadoutWeights weights) {
        int begin = all.length;
        append(weights.rows());
        append(weights.cols());
        return begin;
    }

    private void append(double[][] matrix) {
        for (double[] row : matrix) {
            int end = all.length;
            all = Arrays.copyOf(all, end + row.length);
            System.arraycopy(row, 0, all, end, row.length);
        }
    }

    double[] toArray() {
        return all.clone();
    }
}

package cntk.maths;

import java.util.List;

/** An image with its variances at every non-linearity, ready for any number of pairs; immutable, safe for many threads. */
public final class PreparedImage {
    private final double[] values;
    private final List<double[]> spatialVariances;
    private final double[] headVariances;

    PreparedImage(double[] values, List<double[]> spatialVariances, double[] headVariances) {
        this.values = values;
        this.spatialVariances = spatialVariances;
        this.headVariances = headVariances;
    }

    /** The C H W values, [c][i][j]. */
    double[] values() {
        return values;
    }

    /** q[i,j] = K[i,j,i,j] of the image with itself before spatial non-linearity {@code index}. */
    double[] spatialVariance(int index) {
        return spatialVariances.get(index);
    }

    /** K of the image with itself before non-linearity {@code index} of the head. */
    double headVariance(int index) {
        return headVariances[index];
    }
}

package cntk.maths;

import java.util.List;

/** An image with its variances at every non-linearity, ready for any number of pairs; immutable, safe for many threads. */
public final class PreparedImage {
    private final double[] values;
    private final List<double[]> spatialVariances;
    private final double[] headVariances;

    PreparedImage(double[] values, List<double[]> spatialVariances, double[] headVariances) {
        this.values = values;
        this.spatialVariances = List.copyOf(spatialVariances);
        this.headVariances = headVariances;
    }

    /** The C H W values, [c][i][j]. */
    double[] values() {
        return values;
    }

    /** q[i,j] = K[i,j,i,j] of the image with itself before each spatial non-linearity, in the order in which they are passed. */
    List<double[]> spatialVariances() {
        return spatialVariances;
    }

    /** K of the image with itself before each non-linearity of the head. */
    double[] headVariances() {
        return headVariances;
    }
}

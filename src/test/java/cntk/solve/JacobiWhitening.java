package cntk.solve;

/** (C + eps I)^(-1/2) in plain loops, with the eigenvectors of C by Jacobi rotations; shares no code with the product. */
final class JacobiWhitening {
    private static final int SWEEPS = 30;

    private JacobiWhitening() {}

    /** @param images as rows; C is the mean of their outer products */
    static double[][] map(double[][] images, double eps) {
        int n = images[0].length;
        double[][] c = new double[n][n];
        for (double[] image : images) {
            for (int row = 0; row < n; row++) {
                for (int col = 0; col < n; col++) {
                    c[row][col] += image[row] * image[col] / images.length;
                }
            }
        }
        double[][] vectors = diagonalise(c);
        double[][] map = new double[n][n];
        for (int row = 0; row < n; row++) {
            for (int col = 0; col < n; col++) {
                for (int k = 0; k < n; k++) {
                    map[row][col] += vectors[row][k] * vectors[col][k] / Math.sqrt(c[k][k] + eps);
                }
            }
        }
        return map;
    }

    /** Makes {@code a} diagonal by rotations of two coordinates at a time; returns their product. */
    private static double[][] diagonalise(double[][] a) {
        int n = a.length;
        double[][] vectors = new double[n][n];
        for (int k = 0; k < n; k++) {
            vectors[k][k] = 1;
        }
        for (int sweep = 0; sweep < SWEEPS; sweep++) {
            for (int p = 0; p < n; p++) {
                for (int q = p + 1; q < n; q++) {
                    double angle = 0.5 * Math.atan2(2 * a[p][q], a[q][q] - a[p][p]);
                    rotate(a, vectors, p, q, Math.cos(angle), Math.sin(angle));
                }
            }
        }
        return vectors;
    }

    private static void rotate(double[][] a, double[][] vectors, int p, int q, double cos, double sin) {
        for (int k = 0; k < a.length; k++) {
            double left = a[k][p];
            a[k][p] = cos * left - sin * a[k][q];
            a[k][q] = sin * left + cos * a[k][q];
            left = vectors[k][p];
            vectors[k][p] = cos * left - sin * vectors[k][q];
            vectors[k][q] = sin * left + cos * vectors[k][q];
        }
        for (int k = 0; k < a.length; k++) {
            double top = a[p][k];
            a[p][k] = cos * top - sin * a[q][k];
            a[q][k] = sin * top + cos * a[q][k];
        }
    }
}

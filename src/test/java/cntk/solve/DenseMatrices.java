package cntk.solve;

import java.util.Arrays;
import java.util.Random;

/** Small dense matrices and their algebra in plain loops: the judge of the LAPACK path, sharing no code with it. */
public final class DenseMatrices {
    private DenseMatrices() {}

    /** G G^T / n + shift I with G of standard normals: positive definite. */
    public static double[][] randomPositiveDefinite(int n, double shift, long seed) {
        double[][] g = random(n, n, seed);
        double[][] a = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                double sum = 0;
                for (int k = 0; k < n; k++) {
                    sum += g[i][k] * g[j][k];
                }
                a[i][j] = sum / n + (i == j ? shift : 0);
            }
        }
        return a;
    }

    public static double[][] random(int rows, int cols, long seed) {
        Random random = new Random(seed);
        double[][] a = new double[rows][cols];
        for (double[] row : a) {
            Arrays.setAll(row, col -> random.nextGaussian());
        }
        return a;
    }

    /** A^-1 by Gauss-Jordan elimination with row pivoting. */
    public static double[][] inverse(double[][] a) {
        int n = a.length;
        double[][] work = new double[n][];
        for (int i = 0; i < n; i++) {
            work[i] = Arrays.copyOf(a[i], 2 * n);
            work[i][n + i] = 1;
        }
        for (int col = 0; col < n; col++) {
            swap(work, col, pivotRow(work, col));
            double pivot = work[col][col];
            for (int j = 0; j < 2 * n; j++) {
                work[col][j] /= pivot;
            }
            for (int row = 0; row < n; row++) {
                double factor = work[row][col];
                if (row != col && factor != 0) {
                    for (int j = 0; j < 2 * n; j++) {
                        work[row][j] -= factor * work[col][j];
                    }
                }
            }
        }
        return Arrays.stream(work).map(row -> Arrays.copyOfRange(row, n, 2 * n)).toArray(double[][]::new);
    }

    public static double[][] product(double[][] a, double[][] b) {
        double[][] c = new double[a.length][b[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < b[0].length; j++) {
                for (int k = 0; k < b.length; k++) {
                    c[i][j] += a[i][k] * b[k][j];
                }
            }
        }
        return c;
    }

    /** Largest column sum of magnitudes. */
    static double oneNorm(double[][] a) {
        double largest = 0;
        for (int col = 0; col < a[0].length; col++) {
            double sum = 0;
            for (double[] row : a) {
                sum += Math.abs(row[col]);
            }
            largest = Math.max(largest, sum);
        }
        return largest;
    }

    public static double[][] plusDiagonal(double[][] a, double ridge) {
        double[][] b = Arrays.stream(a).map(double[]::clone).toArray(double[][]::new);
        for (int i = 0; i < b.length; i++) {
            b[i][i] += ridge;
        }
        return b;
    }

    static NativeMatrix nativeCopy(double[][] a) {
        NativeMatrix copy = NativeMatrix.zeros(a.length, a[0].length);
        for (int row = 0; row < a.length; row++) {
            for (int col = 0; col < a[0].length; col++) {
                copy.set(row, col, a[row][col]);
            }
        }
        return copy;
    }

    /** The lower triangle only: what stands above stays zero, as with a store. */
    static KernelSource kernel(double[][] a) {
        return new KernelSource() {
            @Override
            public int size() {
                return a.length;
            }

            @Override
            public void writeTo(LowerTriangleSink sink) {
                for (int col = 0; col < a.length; col++) {
                    sink.put(col, col, a[col], col, a.length - col);
                }
            }
        };
    }

    private static int pivotRow(double[][] work, int col) {
        int best = col;
        for (int row = col + 1; row < work.length; row++) {
            if (Math.abs(work[row][col]) > Math.abs(work[best][col])) {
                best = row;
            }
        }
        return best;
    }

    private static void swap(double[][] work, int first, int second) {
        double[] row = work[first];
        work[first] = work[second];
        work[second] = row;
    }
}

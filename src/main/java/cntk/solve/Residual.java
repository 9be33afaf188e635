package cntk.solve;

/** Whether X solves A X = B, from A, X and B themselves: independent of how X was found. */
final class Residual {
    private Residual() {}

    /**
     * The largest backward error of a column, |b - A x| / (|A|_1 |x| + |b|) in the 2-norm: the relative change of A and b that
     * makes x exact. NaN if anything is not finite.
     *
     * @param a symmetric, lower triangle
     */
    static double backwardError(Lapack lapack, NativeMatrix a, NativeMatrix x, NativeMatrix b) {
        double norm = lapack.oneNorm(a);
        double worst = 0;
        try (NativeMatrix rest = NativeMatrix.copyOf(b)) {
            lapack.symmetricProduct(-1, a, x, 1, rest);
            for (int col = 0; col < b.cols(); col++) {
                double error = length(rest, col) / (norm * length(x, col) + length(b, col));
                worst = Math.max(worst, Double.isNaN(error) && isZero(b, col) ? 0 : error);
            }
        }
        return worst;
    }

    /**
     * What rounding may leave after a Cholesky solve: n ulps. The proven bound grows with n^2 (Higham, Accuracy and Stability,
     * theorem 10.4); what is met in practice is some ulps whatever n.
     */
    static double allowed(int n) {
        return Math.max(n, 16) * Math.ulp(1.0);
    }

    /** Frobenius norm. */
    static double length(NativeMatrix matrix) {
        double squares = 0;
        for (int col = 0; col < matrix.cols(); col++) {
            squares += length(matrix, col) * length(matrix, col);
        }
        return Math.sqrt(squares);
    }

    private static double length(NativeMatrix matrix, int col) {
        double sum = 0;
        for (int row = 0; row < matrix.rows(); row++) {
            sum += matrix.get(row, col) * matrix.get(row, col);
        }
        return Math.sqrt(sum);
    }

    private static boolean isZero(NativeMatrix matrix, int col) {
        return length(matrix, col) == 0;
    }
}

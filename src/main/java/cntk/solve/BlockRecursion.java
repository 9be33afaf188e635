package cntk.solve;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Block conjugate gradients for A X = B with the preconditioner C C^T (maths.md, eq. 59; Dubrulle 2001, O'Leary 1980): all
 * columns share one Krylov space, and directions that turn dependent are left out. B has columns of norm 1 or 0, so that the norms
 * of the residual's columns are the relative residuals.
 *
 * <p>Memory: 8 matrices of n x columns.
 */
final class BlockRecursion implements AutoCloseable {
    /** Directions that are this short beside columns of norm 1 are rounding. */
    private static final double DEPENDENT = 1e-13;

    /** The same for residuals, relative to the longest. */
    private static final double DEPENDENT_RESIDUAL = 1e-12;

    private final Lapack lapack;
    private final KernelProduct product;
    private final PartialCholesky factor;
    private final NativeMatrix b;
    private final PivotedQr qr;
    private final BlockLanczos lanczos;
    private final NativeMatrix x;
    private final NativeMatrix r;
    private final NativeMatrix truth;
    private @Nullable Directions directions;
    private boolean begun;
    private int iteration;
    private int restarts;
    private double residualAtRestart = Double.POSITIVE_INFINITY;

    /** Q and P, n x s, and delta, s x columns: C^-1 R = Q delta; A-conjugate directions are C^-T P. */
    private record Directions(NativeMatrix q, NativeMatrix p, NativeMatrix delta) implements AutoCloseable {
        @Override
        public void close() {
            q.close();
            p.close();
            delta.close();
        }
    }

    /** X starts at 0. */
    BlockRecursion(OpenBlas library, Lapack lapack, KernelProduct product, PartialCholesky factor, NativeMatrix b) {
        this.lapack = lapack;
        this.product = product;
        this.factor = factor;
        this.b = b;
        this.qr = new PivotedQr(library);
        this.lanczos = new BlockLanczos(library);
        this.x = NativeMatrix.zeros(b.rows(), b.cols());
        this.r = NativeMatrix.zeros(b.rows(), b.cols());
        this.truth = NativeMatrix.zeros(b.rows(), b.cols());
    }

    int iteration() {
        return iteration;
    }

    int restarts() {
        return restarts;
    }

    NativeMatrix solution() {
        return x;
    }

    BlockLanczos lanczos() {
        return lanczos;
    }

    /** Whether there is a state to be saved. */
    boolean begun() {
        return begun;
    }

    /** Whether no direction is left: R is 0 to rounding. */
    boolean ended() {
        return directions == null;
    }

    /** Starts from R = B - A X. */
    void begin() {
        computeTruth();
        adoptTruth();
        begun = true;
    }

    /** Norms of the columns of B - A X, computed from X. */
    double[] trueResiduals() {
        computeTruth();
        return norms(truth);
    }

    /** Norms of the columns of C^-1 (B - A X), of the last {@link #trueResiduals}. */
    double[] truePreconditioned() {
        try (NativeMatrix z = NativeMatrix.zeros(b.rows(), b.cols())) {
            factor.solve(truth, z);
            return norms(z);
        }
    }

    /** Norms of the columns of R as the recursion has it. */
    double[] residuals() {
        return norms(r);
    }

    /** Norms of the columns of C^-1 R as the recursion has it. */
    double[] preconditioned() {
        return directions == null ? new double[b.cols()] : norms(directions.delta());
    }

    /**
     * Forgets the directions and goes on from the last {@link #trueResiduals}.
     *
     * @return whether the largest residual has halved since the last restart
     */
    boolean restart(double largestResidual) {
        boolean progress = largestResidual < residualAtRestart / 2;
        residualAtRestart = largestResidual;
        restarts++;
        lanczos.restart();
        adoptTruth();
        return progress;
    }

    private void computeTruth() {
        product.apply(x, truth);
        for (long entry = 0; entry < (long) b.rows() * b.cols(); entry++) {
            double rest =
                    b.segment().getAtIndex(JAVA_DOUBLE, entry) - truth.segment().getAtIndex(JAVA_DOUBLE, entry);
            truth.segment().setAtIndex(JAVA_DOUBLE, entry, rest);
        }
    }

    private void adoptTruth() {
        r.segment().copyFrom(truth.segment());
        try (NativeMatrix z = NativeMatrix.zeros(b.rows(), b.cols())) {
            factor.solve(r, z);
            double longest = 0;
            for (double norm : norms(z)) {
                longest = Math.max(longest, norm);
            }
            PivotedQr.Factors factors = qr.of(z, DEPENDENT_RESIDUAL * longest);
            replaceDirections(
                    factors.q() == null || factors.r() == null
                            ? null
                            : new Directions(factors.q(), NativeMatrix.copyOf(factors.q()), factors.r()));
        }
    }

    private void replaceDirections(@Nullable Directions others) {
        if (directions != null) {
            directions.close();
        }
        directions = others;
    }

    /**
     * One iteration; reads the matrix once. An exception leaves the state as it was.
     *
     * @return false if a direction has no positive curvature: A is not positive definite
     */
    boolean step() {
        Directions now = directions;
        if (now == null) {
            throw new IllegalStateException("no direction is left");
        }
        int s = now.p().cols();
        try (NativeMatrix direction = NativeMatrix.zeros(b.rows(), s);
                NativeMatrix image = NativeMatrix.zeros(b.rows(), s);
                NativeMatrix curvature = NativeMatrix.zeros(s, s)) {
            factor.solveTransposed(now.p(), direction);
            product.apply(direction, image);
            lapack.product(1, direction, true, image, false, 0, curvature);
            symmetrise(curvature);
            double[][] kept = DenseRows.of(curvature);
            if (lapack.factorise(curvature) != 0) {
                return false;
            }
            try (NativeMatrix length = NativeMatrix.copyOf(now.delta())) {
                lapack.solve(curvature, length);
                lapack.product(1, direction, false, length, false, 1, x);
                lapack.product(-1, image, false, length, false, 1, r);
            }
            factor.solve(image, direction); // from here on C^-1 A C^-T P stands in it
            advance(now, direction, curvature, kept);
        }
        iteration++;
        return true;
    }

    /** Q' rho = Q - Z M^-1, P' = Q' + P rho^T, delta' = rho delta. */
    private void advance(Directions now, NativeMatrix z, NativeMatrix curvatureFactor, double[][] curvature) {
        int s = curvature.length;
        try (NativeMatrix inverse = NativeMatrix.zeros(s, s);
                NativeMatrix next = NativeMatrix.copyOf(now.q())) {
            inverse.addToDiagonal(1);
            lapack.solve(curvatureFactor, inverse);
            lapack.product(-1, z, false, inverse, false, 1, next);
            PivotedQr.Factors factors = qr.of(next, DEPENDENT);
            if (factors.q() == null || factors.r() == null) {
                lanczos.add(curvature, new double[0][s]);
                replaceDirections(null);
                return;
            }
            try (NativeMatrix rho = factors.r()) {
                NativeMatrix p = NativeMatrix.copyOf(factors.q());
                NativeMatrix delta = NativeMatrix.zeros(rho.rows(), b.cols());
                lapack.product(1, now.p(), false, rho, true, 1, p);
                lapack.product(1, rho, false, now.delta(), false, 0, delta);
                lanczos.add(curvature, DenseRows.of(rho));
                replaceDirections(new Directions(factors.q(), p, delta));
            }
        }
    }

    private static void symmetrise(NativeMatrix matrix) {
        for (int row = 0; row < matrix.rows(); row++) {
            for (int col = 0; col < row; col++) {
                double mean = (matrix.get(row, col) + matrix.get(col, row)) / 2;
                matrix.set(row, col, mean);
                matrix.set(col, row, mean);
            }
        }
    }

    /** Euclidean norms of the columns. */
    static double[] norms(NativeMatrix matrix) {
        double[] norms = new double[matrix.cols()];
        for (int col = 0; col < norms.length; col++) {
            double sum = 0;
            long begin = (long) col * matrix.rows();
            for (int row = 0; row < matrix.rows(); row++) {
                double value = matrix.segment().getAtIndex(JAVA_DOUBLE, begin + row);
                sum += value * value;
            }
            norms[col] = Math.sqrt(sum);
        }
        return norms;
    }

    void writeTo(DataOutputStream out) throws IOException {
        out.writeInt(iteration);
        out.writeInt(restarts);
        out.writeDouble(residualAtRestart);
        lanczos.writeTo(out);
        write(x, out);
        write(r, out);
        out.writeInt(directions == null ? 0 : directions.q().cols());
        if (directions != null) {
            write(directions.q(), out);
            write(directions.p(), out);
            write(directions.delta(), out);
        }
    }

    /** Reads what {@link #writeTo} wrote; without {@code samePreconditioner} X alone is believed, and {@link #begin} is due. */
    void readFrom(DataInputStream in, boolean samePreconditioner) throws IOException {
        iteration = in.readInt();
        restarts = in.readInt();
        residualAtRestart = in.readDouble();
        lanczos.readFrom(in);
        read(in, x);
        if (!samePreconditioner) {
            restarts++;
            residualAtRestart = Double.POSITIVE_INFINITY;
            lanczos.forget();
            return;
        }
        read(in, r);
        int s = in.readInt();
        if (s > 0) {
            NativeMatrix q = NativeMatrix.zeros(b.rows(), s);
            NativeMatrix p = NativeMatrix.zeros(b.rows(), s);
            NativeMatrix delta = NativeMatrix.zeros(s, b.cols());
            replaceDirections(new Directions(q, p, delta));
            read(in, q);
            read(in, p);
            read(in, delta);
        }
        begun = true;
    }

    private static void write(NativeMatrix matrix, DataOutputStream out) throws IOException {
        for (long entry = 0; entry < (long) matrix.rows() * matrix.cols(); entry++) {
            out.writeDouble(matrix.segment().getAtIndex(JAVA_DOUBLE, entry));
        }
    }

    private static void read(DataInputStream in, NativeMatrix matrix) throws IOException {
        for (long entry = 0; entry < (long) matrix.rows() * matrix.cols(); entry++) {
            matrix.segment().setAtIndex(JAVA_DOUBLE, entry, in.readDouble());
        }
    }

    @Override
    public void close() {
        replaceDirections(null);
        truth.close();
        r.close();
        x.close();
    }
}

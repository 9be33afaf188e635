package cntk.report;

import cntk.solve.PcgReport;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@code cntk run} found; {@link ResultText} and {@link ResultJson} show the same one.
 *
 * @param network canonical text
 * @param networkId its hash
 * @param train number of training images
 * @param out folder of the run's files
 * @param warnings whole sentences for the user
 */
public record RunResult(
        String network,
        String networkId,
        int train,
        Kernel kernel,
        Solve solve,
        Evaluation evaluation,
        String out,
        List<String> warnings) {

    /**
     * The kernel stage, training and cross matrix together.
     *
     * @param kind {@code ntk} or {@code nngp}
     * @param flip whether averaged over horizontal flips
     * @param unitDiagonal whether brought to unit diagonal
     * @param precision {@code f32} or {@code f64}
     * @param backend short name, such as {@code cpu}
     * @param backendDescription one line for people
     * @param pairs image pairs of both matrices
     * @param computedPairs those computed by this process; less than {@code pairs} after a resume
     * @param seconds that this process spent on them
     */
    public record Kernel(
            String kind,
            boolean flip,
            boolean unitDiagonal,
            String precision,
            String backend,
            String backendDescription,
            int threads,
            long pairs,
            long computedPairs,
            double seconds) {
        /** 0 where nothing was computed. */
        public double pairsPerSecond() {
            return computedPairs == 0 || seconds <= 0 ? 0 : computedPairs / seconds;
        }
    }

    /**
     * The solve stage.
     *
     * @param condition 1-norm estimate for K + ridge I
     * @param solver {@code cholesky}, {@code packed cholesky}, the GPU, such as {@code cuda/0}, or {@code pcg}
     * @param seconds solve and predictions together
     * @param pcg of an iterative solve, which does not know the condition; else null
     */
    public record Solve(
            double ridge,
            double condition,
            double smallestPivot,
            String solver,
            int blasThreads,
            double seconds,
            @Nullable PcgReport pcg) {
        /** A direct solve. */
        public Solve(
                double ridge, double condition, double smallestPivot, String solver, int blasThreads, double seconds) {
            this(ridge, condition, smallestPivot, solver, blasThreads, seconds, null);
        }
    }

    /** Number of test images. */
    public int test() {
        return evaluation.count();
    }
}

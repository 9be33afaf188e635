package cntk.solve;

import java.util.List;

/**
 * What an iterative solve did and how good its answer is.
 *
 * @param iterations in all, those before a resume counted
 * @param resumedAt the iteration that this process went on from; 0 where it began
 * @param restarts how often the directions were forgotten, because the true residual was above that of the recursion
 * @param rank pivots of the preconditioner
 * @param residuals |y - A x| / |y| of every class, computed from the answer; 0 for targets of zeros
 * @param predictionError bound on the error of a prediction by what the residuals still hold (maths.md, eq. 61), in units of the
 *     targets, for an image whose k(x,x) is at most the largest of the training images'; the eigenvalue in it is an estimate
 * @param condition of the preconditioned matrix, from the Lanczos coefficients: at most the true one
 * @param smallestPivot an upper bound on the least eigenvalue of K + ridge I
 * @param preconditionerBytes read from the store for the preconditioner, by this process
 * @param bytesRead read from the store by this process and, for the iterations, those before it
 * @param preconditionerSeconds of this process, as are {@code seconds} in all
 */
public record PcgReport(
        int iterations,
        int resumedAt,
        int restarts,
        int rank,
        List<Double> residuals,
        double predictionError,
        double condition,
        double smallestPivot,
        long preconditionerBytes,
        long bytesRead,
        double preconditionerSeconds,
        double seconds,
        List<String> warnings) {
    /** The largest residual of a class. */
    public double largestResidual() {
        return residuals.stream().mapToDouble(Double::doubleValue).max().orElse(0);
    }
}

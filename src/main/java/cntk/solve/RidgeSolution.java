package cntk.solve;

import java.util.List;

/**
 * The solved regression.
 *
 * @param coefficients A, n x classes: the matrix that was given as targets, still its caller's to close
 * @param conditionNumber estimate for K + ridge I in the 1-norm
 * @param smallestPivot smallest pivot of the factorisation, in units of the kernel
 * @param solver {@code cholesky}, {@code packed cholesky} in half the memory, the GPU that solved it, such as {@code cuda/0}, or
 *     {@code pcg}
 * @param blasThreads threads that BLAS used
 * @param kernelSha256 of the kernel matrix, without the ridge, in hexadecimal digits; empty after an iterative solve
 * @param warnings whole sentences for the user; empty when all is well
 */
public record RidgeSolution(
        NativeMatrix coefficients,
        double ridge,
        double conditionNumber,
        double smallestPivot,
        String solver,
        int blasThreads,
        String kernelSha256,
        SolveTimings timings,
        List<String> warnings) {}

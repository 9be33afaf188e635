package cntk.cli;

/**
 * Estimated times of a run.
 *
 * @param where what computes, and where the numbers come from
 * @param slowestRate pairs a second
 * @param fastestRate pairs a second
 * @param shortestSeconds of the kernel
 * @param longestSeconds of the kernel
 * @param solveSeconds of the factorisations; NaN if it was not measured
 * @param solveFlops operations a second in the measurement; NaN if there was none
 */
record PlannedTimes(
        String where,
        double slowestRate,
        double fastestRate,
        double shortestSeconds,
        double longestSeconds,
        double solveSeconds,
        double solveFlops) {}

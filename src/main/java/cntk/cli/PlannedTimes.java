package cntk.cli;

/**
 * Estimated times of a run on this machine.
 *
 * @param where what computes, and where the numbers come from
 * @param pairsPerSecond of the kernel
 * @param kernelSeconds of the kernel
 * @param solveSeconds of the factorisations; NaN for pcg, of which nobody knows the iterations beforehand
 * @param solveFlops operations a second in the measurement; NaN for pcg
 */
record PlannedTimes(
        String where, double pairsPerSecond, double kernelSeconds, double solveSeconds, double solveFlops) {}

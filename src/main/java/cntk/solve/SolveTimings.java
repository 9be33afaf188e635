package cntk.solve;

/** Seconds of the stages of a solve: reading the kernel, dpotrf, dpotrs, dpocon. */
public record SolveTimings(
        double fillSeconds, double factorSeconds, double substitutionSeconds, double conditionSeconds) {
    public double totalSeconds() {
        return fillSeconds + factorSeconds + substitutionSeconds + conditionSeconds;
    }
}

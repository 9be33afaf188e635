package cntk.backend;

/**
 * One thing that a self-test looked at.
 *
 * @param name what was checked
 * @param detail what was seen, with numbers
 */
public record SelfCheck(String name, Outcome outcome, String detail) {
    /** SKIPPED says that this machine lacks what the check needs. */
    public enum Outcome {
        PASSED,
        FAILED,
        SKIPPED
    }

    public static SelfCheck of(String name, boolean passed, String detail) {
        return new SelfCheck(name, passed ? Outcome.PASSED : Outcome.FAILED, detail);
    }

    public static SelfCheck skipped(String name, String reason) {
        return new SelfCheck(name, Outcome.SKIPPED, reason);
    }

    public boolean failed() {
        return outcome == Outcome.FAILED;
    }
}

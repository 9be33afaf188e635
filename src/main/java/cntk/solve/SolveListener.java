package cntk.solve;

/** Hears how far a direct solve is; called by the thread that solves. */
public interface SolveListener {
    /** Does nothing. */
    SolveListener NONE = (stage, share) -> {};

    /** What a solve does, in this order. */
    enum Stage {
        READ("reading the kernel"),
        FACTORISE("factorising"),
        SUBSTITUTE("solving for the coefficients"),
        CONDITION("estimating the condition");

        private final String words;

        Stage(String words) {
            this.words = words;
        }

        public String words() {
            return words;
        }
    }

    /**
     * Called at the start of a stage, from time to time, and at its end.
     *
     * @param share of the stage that is done, 0 to 1: of the entries, or of the floating-point operations
     */
    void at(Stage stage, double share);
}

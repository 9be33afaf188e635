package cntk.solve;

/** How and where a regression is to be solved. */
public enum SolverChoice {
    AUTO,
    CUDA,
    CPU,
    /** Iteratively, with the matrix in its store. */
    PCG;

    public String word() {
        return switch (this) {
            case AUTO -> "auto";
            case CUDA -> "cuda";
            case CPU -> "cpu";
            case PCG -> "pcg";
        };
    }
}

package cntk.arch;

/** What a window sees outside the image: {@code ZERO} covariance, or the image again ({@code CIRCULAR}). */
public enum Padding {
    ZERO,
    CIRCULAR;

    /** The word of the network language and of the JSON format. */
    public String word() {
        return switch (this) {
            case ZERO -> "zero";
            case CIRCULAR -> "circular";
        };
    }
}

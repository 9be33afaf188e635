package cntk.arch;

/**
 * What a window sees outside the image: {@code ZERO} covariance, the image again ({@code CIRCULAR}), or nothing, because it
 * stays inside ({@code VALID}: the image shrinks).
 */
public enum Padding {
    ZERO,
    CIRCULAR,
    VALID;

    /** The word of the network language and of the JSON format. */
    public String word() {
        return switch (this) {
            case ZERO -> "zero";
            case CIRCULAR -> "circular";
            case VALID -> "valid";
        };
    }
}

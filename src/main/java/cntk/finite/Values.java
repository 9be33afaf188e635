package cntk.finite;

/** Values of one image between two layers, [channel][pixel], flat. */
record Values(int channels, int pixels, double[] values) {
    Values with(double[] other) {
        return new Values(channels, pixels, other);
    }
}

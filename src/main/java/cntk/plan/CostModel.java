package cntk.plan;

import cntk.arch.Layer;
import cntk.arch.Network;

/**
 * What a pair of images is estimated to cost on one thread. Depends on the network and the precision only, never on the
 * machine: the sides of tiles follow from it ({@link TileSides}), and a resumed run must find the same ones.
 */
public final class CostModel {
    /** An entry of a plane through a convolution and the ReLU behind it, with 8 float lanes at 3 GHz. */
    private static final double F32_NANOS = 0.55;

    private static final double F64_NANOS = 2.0;
    /** A dense layer or a ReLU behind the readout works on single numbers. */
    private static final double HEAD_NANOS = 20;

    private static final double PAIR_NANOS = 100;
    /** The oracle calls acos for every entry. */
    private static final double ORACLE_FACTOR = 100;

    private CostModel() {}

    /** Estimated nanoseconds of one pair in the CPU backend, on one thread. */
    public static double nanosPerPair(Network network, Precision precision) {
        long convolutions = network.spatialLayers().stream()
                .filter(Layer.Conv.class::isInstance)
                .count();
        long steps = 1 + Math.max(convolutions, network.spatialLayers().size() - convolutions);
        double entryNanos = precision == Precision.F32 ? F32_NANOS : F64_NANOS;
        return (network.entriesPerPair() * steps * entryNanos)
                + (network.headLayers().size() * HEAD_NANOS)
                + PAIR_NANOS;
    }

    /** The same for the oracle. */
    public static double oracleNanosPerPair(Network network) {
        return ORACLE_FACTOR * nanosPerPair(network, Precision.F32);
    }
}

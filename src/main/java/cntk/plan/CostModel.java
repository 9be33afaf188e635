package cntk.plan;

import cntk.arch.Layer;
import cntk.arch.Network;
import cntk.arch.PlacedLayer;
import java.util.List;

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
    /** What one GPU does in the time of a thread: 0.55 ns against 1.1 ps an entry and layer on an H100 (estimate). */
    private static final double CUDA_SHARE = 1.0 / 400;

    /** The oracle takes 33 ns an entry and layer, two thirds of it for a ReLU. */
    private static final double ORACLE_FACTOR = 60;

    private CostModel() {}

    /** Estimated nanoseconds of one pair in the CPU backend, on one thread. */
    public static double nanosPerPair(Network network, Precision precision) {
        Steps steps = new Steps();
        steps.add(network.spatial());
        long entrySteps = network.entriesPerPair() + Math.max(steps.convolutions, steps.others);
        double entryNanos = precision == Precision.F32 ? F32_NANOS : F64_NANOS;
        return (entrySteps * entryNanos) + (network.headLayers().size() * HEAD_NANOS) + PAIR_NANOS;
    }

    /** The same on one GPU of the cuda backend, whose host still handles every pair. */
    public static double cudaNanosPerPair(Network network, Precision precision) {
        return CUDA_SHARE * nanosPerPair(network, precision) + PAIR_NANOS;
    }

    /** Entries to compute, summed over convolutions, and over all other layers; pooling reads what stands before it. */
    private static final class Steps {
        private long convolutions;
        private long others;

        void add(List<PlacedLayer> layers) {
            for (PlacedLayer placed : layers) {
                switch (placed.layer()) {
                    case Layer.Conv _ -> convolutions += placed.entriesAfter();
                    case Layer.Pooling _ -> others += placed.entriesBefore();
                    case Layer.Residual _ -> {
                        others += placed.entriesAfter();
                        add(placed.branch());
                        add(placed.shortcut());
                    }
                    case Layer.Nonlinearity _ -> others += placed.entriesAfter();
                    case Layer.Dense _, Layer.Flatten(), Layer.GlobalAveragePool() ->
                        throw new IllegalStateException("layer " + placed.layer() + " has no place before the readout");
                }
            }
        }
    }

    /** The same for the oracle. */
    public static double oracleNanosPerPair(Network network) {
        return ORACLE_FACTOR * nanosPerPair(network, Precision.F32);
    }
}

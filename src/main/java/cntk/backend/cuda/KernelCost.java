package cntk.backend.cuda;

import cntk.backend.BackendUnavailableException;
import cntk.backend.cuda.MachineCode.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * What a pair costs, from the code of the kernels on registers: instructions per entry and layer are counted in the machine code and in
 * the PTX, times are estimates by the roofline of the card's data sheet. Nothing here ran on a GPU.
 */
public final class KernelCost {
    /** Share of a bound that well-fed kernels of this kind reach; an assumption. */
    private static final double LOW_SHARE = 0.75;

    private static final double HIGH_SHARE = 0.85;

    private static final int WARP = 32;
    private static final int SCHEDULERS = 4; // of a multiprocessor, one warp instruction a clock each
    private static final int SPECIAL_LANES = 16; // per clock and multiprocessor
    private static final int REGISTERS = 65536; // of a multiprocessor
    private static final int RESERVED_SHARED = 1024; // of every block, for the driver
    private static final int WAVEFRONTS_128 = 4; // of a warp that reads 16 bytes a lane
    private static final int LAYER_OVERHEAD = 30; // warp instructions: staging, tests and barriers around a layer
    private static final int PLANE_OVERHEAD = 500; // warp instructions: masks, three channels, one readout

    private static final List<Card> CARDS = List.of(
            new Card("A100", "sm_80", 108, 1.41, 64, 64, 32, 164),
            new Card("H100 SXM", "sm_90", 132, 1.755, 128, 64, 32, 228),
            new Card("RTX 4090 class", "sm_89", 128, 2.52, 128, 48, 24, 100));

    /**
     * A card by its data sheet.
     *
     * @param fp32Lanes multiply-adds per clock and multiprocessor
     * @param mostWarps that a multiprocessor holds
     * @param mostBlocks that it holds
     * @param sharedKib shared memory that it has, KiB
     */
    public record Card(
            String name,
            String architecture,
            int multiprocessors,
            double gigahertz,
            int fp32Lanes,
            int mostWarps,
            int mostBlocks,
            int sharedKib) {}

    /**
     * The cost of one pair.
     *
     * @param layers convolutions with ReLU
     * @param perEntry counted machine instructions per entry and layer behind the first: all, and those of a kind
     * @param ptxPerEntry the same in the PTX
     * @param registers of a thread
     * @param warps that fit a multiprocessor at a time
     * @param occupancy these, as a share of what the multiprocessor holds at most
     * @param stagedBytes factors and pixels that the blocks of a pair stage
     * @param writtenBytes partial sums that the blocks of a pair write, one readout
     * @param issueMicros estimate: time if every scheduler issues every clock
     * @param fp32Micros estimate: time of the multiply-add pipes alone
     * @param specialMicros estimate: time of roots and reciprocals alone
     * @param sharedMicros estimate: time of shuffles and shared memory alone
     */
    public record Estimate(
            String kernel,
            Card card,
            int layers,
            Map<String, Double> perEntry,
            Map<String, Double> ptxPerEntry,
            int registers,
            int warps,
            double occupancy,
            double stagedBytes,
            double writtenBytes,
            double issueMicros,
            double fp32Micros,
            double specialMicros,
            double sharedMicros) {

        /** The highest of the four: no pair can be faster. */
        public double boundMicros() {
            return Math.max(Math.max(issueMicros, fp32Micros), Math.max(specialMicros, sharedMicros));
        }

        /** Estimate at 85 % of the bound. */
        public double bestMicros() {
            return boundMicros() / HIGH_SHARE;
        }

        /** Estimate at 75 % of the bound. */
        public double worstMicros() {
            return boundMicros() / LOW_SHARE;
        }
    }

    /** A kernel on registers: entries of a lane, warps of a pair, warps of a block, dynamic shared memory of a block. */
    private record Shape(
            String file,
            String kernel,
            int side,
            int entries,
            double warps,
            int blockWarps,
            int imagesPerPair,
            int dynamicBytes) {
        /** Bytes staged for a pair per stage. */
        double stagedBytes() {
            double image = 4.0 * side * side;
            return imagesPerPair > 0 ? image / imagesPerPair * 2 : warps / blockWarps * 2 * image;
        }

        /** Bytes of sums {S, T~} in double that a pair leaves for one readout. */
        double writtenBytes() {
            return 2 * Double.BYTES * (imagesPerPair > 0 ? 1 : warps / blockWarps);
        }
    }

    private static final List<Shape> SHAPES = List.of(
            new Shape("plane_recursion", "plane_recursion_32", 32, 32, 1024, 8, 0, 0),
            new Shape("plane_recursion", "plane_recursion_32_bias", 32, 32, 1024, 8, 0, 0),
            new Shape("plane_recursion", "plane_recursion_16", 16, 32, 64, 2, 0, 0),
            new Shape("plane_recursion", "plane_recursion_8", 8, 8, 16, 1, 0, 0),
            new Shape("plane_flatten", "plane_flatten_32", 32, 32, 1, 16, 4, 65536),
            new Shape("plane_flatten", "plane_flatten_32_bias", 32, 32, 1, 16, 4, 65536));

    private KernelCost() {}

    /**
     * Estimates for all kernels on registers and all cards, from the code of this build.
     *
     * @param channels of the images
     * @throws BackendUnavailableException if the kernels were not compiled
     */
    public static List<Estimate> estimates(int layers, int channels) {
        return estimates(layers, channels, KernelCost::compiled);
    }

    /** The same from the counts that are kept with the sources: equal on every machine, and nvcc is not needed. */
    public static List<Estimate> keptEstimates(int layers, int channels) {
        return estimates(layers, channels, (shape, card) -> KernelCounts.kept(shape.kernel(), card.architecture()));
    }

    private static List<Estimate> estimates(int layers, int channels, BiFunction<Shape, Card, KernelCounts> counts) {
        List<Estimate> estimates = new ArrayList<>();
        for (Shape shape : SHAPES) {
            for (Card card : CARDS) {
                estimates.add(estimate(shape, card, counts.apply(shape, card), layers, channels));
            }
        }
        return estimates;
    }

    private static KernelCounts compiled(Shape shape, Card card) {
        return KernelCounts.compiled(shape.file(), shape.kernel(), shape.entries(), card.architecture());
    }

    /** Every kernel and card, counted in the code of this build. */
    static List<KernelCounts> compiledCounts() {
        return SHAPES.stream()
                .flatMap(shape -> CARDS.stream().map(card -> compiled(shape, card)))
                .toList();
    }

    private static Estimate estimate(Shape shape, Card card, KernelCounts counts, int layers, int channels) {
        Map<Kind, Double> layer = counts.machine();
        double clocks = card.multiprocessors() * card.gigahertz() * 1e3; // multiprocessor clocks per microsecond
        double planeLayers = shape.warps() * layers;
        double issued = planeLayers * (sum(layer) + LAYER_OVERHEAD) + shape.warps() * PLANE_OVERHEAD;
        double wide = shape.entries() / 2.0; // two quads of factors for four entries
        double wavefronts = of(layer, Kind.SHUFFLE) + of(layer, Kind.SHARED) + wide * (WAVEFRONTS_128 - 1);
        int warps = residentWarps(shape, card, counts);
        return new Estimate(
                shape.kernel(),
                card,
                layers,
                perEntry(layer, shape),
                perEntry(counts.ptx(), shape),
                counts.registers(),
                warps,
                (double) warps / card.mostWarps(),
                shape.stagedBytes() * (layers + channels),
                shape.writtenBytes(),
                issued / SCHEDULERS / clocks,
                planeLayers * of(layer, Kind.FP32) * WARP / card.fp32Lanes() / clocks,
                planeLayers * of(layer, Kind.SPECIAL) * WARP / SPECIAL_LANES / clocks,
                planeLayers * wavefronts / clocks);
    }

    /** Warps that registers, shared memory and the limits of a multiprocessor let stand on it at a time. */
    private static int residentWarps(Shape shape, Card card, KernelCounts use) {
        int byRegisters = REGISTERS / (Math.ceilDiv(use.registers(), 8) * 8 * WARP * shape.blockWarps());
        int byShared = card.sharedKib() * 1024 / (use.sharedBytes() + shape.dynamicBytes() + RESERVED_SHARED);
        int byWarps = card.mostWarps() / shape.blockWarps();
        int blocks = Math.min(Math.min(byRegisters, byShared), Math.min(byWarps, card.mostBlocks()));
        return blocks * shape.blockWarps();
    }

    private static Map<String, Double> perEntry(Map<Kind, Double> layer, Shape shape) {
        Map<String, Double> perEntry = new LinkedHashMap<>();
        perEntry.put("all", sum(layer) / shape.entries());
        for (Kind kind : Kind.values()) {
            perEntry.put(kind.name().toLowerCase(Locale.ROOT), of(layer, kind) / shape.entries());
        }
        return perEntry;
    }

    private static double of(Map<Kind, Double> layer, Kind kind) {
        return layer.getOrDefault(kind, 0.0);
    }

    private static double sum(Map<Kind, Double> layer) {
        return layer.values().stream().mapToDouble(Double::doubleValue).sum();
    }
}

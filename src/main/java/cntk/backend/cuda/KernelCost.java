package cntk.backend.cuda;

import cntk.backend.BackendUnavailableException;
import cntk.backend.cuda.MachineCode.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

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
     * Estimates for all kernels on registers and all cards.
     *
     * @param channels of the images
     * @throws BackendUnavailableException if the kernels were not compiled
     */
    public static List<Estimate> estimates(int layers, int channels) {
        Map<String, Use> uses = uses();
        List<Estimate> estimates = new ArrayList<>();
        for (Shape shape : SHAPES) {
            PtxCode ptx = new PtxCode(new String(resource(shape.file() + ".ptx"), StandardCharsets.UTF_8));
            Map<String, Double> inPtx =
                    perEntry(layerBody(ptx.straightBlocks(shape.kernel()), shape.kernel(), shape.entries()), shape);
            for (Card card : CARDS) {
                MachineCode code = new MachineCode(resource(shape.file() + "." + card.architecture() + ".cubin"));
                Map<Kind, Double> layer =
                        layerBody(code.straightBlocks(shape.kernel()), shape.kernel(), shape.entries());
                Use use = Objects.requireNonNull(uses.get(shape.kernel() + " " + card.architecture()));
                estimates.add(estimate(shape, card, layer, inPtx, use, layers, channels));
            }
        }
        return estimates;
    }

    /**
     * Warp instructions of one layer behind the first, the mean over column parities: the straight blocks with two special functions per
     * entry, of which the first layer's compare the sign of every entry.
     */
    static Map<Kind, Double> layerBody(List<Map<Kind, Integer>> blocks, String kernel, int entries) {
        List<Map<Kind, Integer>> bodies = blocks.stream()
                .filter(block -> block.getOrDefault(Kind.SPECIAL, 0) == 2 * entries)
                .filter(block -> block.getOrDefault(Kind.COMPARE, 0) < entries)
                .toList();
        if (bodies.isEmpty()) {
            throw new IllegalStateException("no layer body found in the code of " + kernel);
        }
        Map<Kind, Double> mean = new EnumMap<>(Kind.class);
        for (Map<Kind, Integer> body : bodies) {
            body.forEach((kind, count) -> mean.merge(kind, (double) count / bodies.size(), Double::sum));
        }
        return mean;
    }

    private static Estimate estimate(
            Shape shape,
            Card card,
            Map<Kind, Double> layer,
            Map<String, Double> inPtx,
            Use use,
            int layers,
            int channels) {
        double clocks = card.multiprocessors() * card.gigahertz() * 1e3; // multiprocessor clocks per microsecond
        double planeLayers = shape.warps() * layers;
        double issued = planeLayers * (sum(layer) + LAYER_OVERHEAD) + shape.warps() * PLANE_OVERHEAD;
        double wide = shape.entries() / 2.0; // two quads of factors for four entries
        double wavefronts = of(layer, Kind.SHUFFLE) + of(layer, Kind.SHARED) + wide * (WAVEFRONTS_128 - 1);
        int warps = residentWarps(shape, card, use);
        return new Estimate(
                shape.kernel(),
                card,
                layers,
                perEntry(layer, shape),
                inPtx,
                use.registers(),
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
    private static int residentWarps(Shape shape, Card card, Use use) {
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

    /** Registers of a thread and static shared memory of a block. */
    private record Use(int registers, int sharedBytes) {}

    /** By "kernel architecture", from the report of the build. */
    private static Map<String, Use> uses() {
        Map<String, Use> uses = new HashMap<>();
        new String(resource("report.tsv"), StandardCharsets.UTF_8)
                .lines()
                .skip(1)
                .map(line -> line.split("\t"))
                .forEach(field -> uses.put(
                        field[0] + " " + field[1], new Use(Integer.parseInt(field[2]), Integer.parseInt(field[6]))));
        return uses;
    }

    private static byte[] resource(String name) {
        try (InputStream in = KernelCost.class.getResourceAsStream("/kernels/" + name)) {
            if (in == null) {
                throw new BackendUnavailableException("this build has no compiled CUDA kernels: " + name + " is missing"
                        + "\nhint: build again with nvcc on the PATH");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

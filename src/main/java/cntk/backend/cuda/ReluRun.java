package cntk.backend.cuda;

import cntk.plan.PlaneProgram;
import cntk.plan.PlaneStep;
import cntk.plan.ReadoutWeights;
import cntk.plan.Segment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A segment that the kernels on registers take ({@code plane_recursion.cu}, {@code plane_flatten.cu}): a run of 3x3 convolutions with
 * ReLU on planes of 32x32, 16x16 or 8x8, every entry of which is read once or sent on. The kernels hold m S and m T~, with a
 * multiple m that is known layer by layer ({@code common/relu_planes.cuh}).
 *
 * @param side of the planes
 * @param channels of the input, 0 where the run loads a tensor
 * @param circular whether windows wrap around
 * @param tangentInput whether T~ = S at the input
 * @param frozen bit l: S is taken out of T~ before layer l
 * @param readLayers bit l: every entry is read behind layer l
 * @param readouts of the segment, in order: number of the read (bit of {@code readLayers} counted from below) that serves it
 * @param load in the arena of a pair, or -1
 * @param send in the arena of a pair, or -1
 * @param multiples m before every layer
 * @param readMultiples m at every read
 * @param lastMultiple m behind the last layer
 * @param biases of S and of T~ in units of the run, two for every layer
 * @param firstDeviation where L of the first layer stands in a record
 */
record ReluRun(
        int side,
        int channels,
        boolean circular,
        boolean tangentInput,
        long frozen,
        long readLayers,
        int[] readouts,
        long load,
        long send,
        double[] multiples,
        double[] readMultiples,
        double lastMultiple,
        float[] biases,
        long firstDeviation) {

    /** sizeof(ReluRunHeader). */
    static final int HEADER_BYTES = 72;

    /** sizeof(PackHeader). */
    static final int PACK_BYTES = 40;

    private static final int MOST_LAYERS = 63; // bits of a mask
    private static final double PI_FLOAT = Float.intBitsToFloat(0x40490fdb); // the float by which the kernels multiply
    private static final int RESCALE_EVERY = 16;
    private static final double RESCALE = 0x1p-77;

    /** The run that a segment is, if it is one. */
    static Optional<ReluRun> of(StepTable table, PlaneProgram program, int channels, int index) {
        Segment segment = program.segments().get(index);
        int side = segment.width();
        boolean fits = segment.height() == side && (side == 32 || side == 16 || side == 8);
        Walk walk = new Walk(table, program, segment, channels);
        return fits && walk.takesAll() ? Optional.of(walk.run(side, index)) : Optional.empty();
    }

    int layers() {
        return multiples.length;
    }

    boolean biased() {
        for (float bias : biases) {
            if (bias != 0) {
                return true;
            }
        }
        return false;
    }

    /** Whether planes are loaded or stored: then another kernel runs, with more registers. */
    boolean exchanges() {
        return load >= 0 || send >= 0;
    }

    /** Whether plane (0,0) of images is all there is to compute, so that plane_flatten takes it. */
    boolean flatten(SegmentTable segment) {
        return segment.planes() == 1 && !exchanges();
    }

    /** Name of the kernel for a segment. */
    String kernel(SegmentTable segment) {
        String kind = flatten(segment) ? "plane_flatten_" : exchanges() ? "plane_exchange_" : "plane_recursion_";
        return kind + side + (biased() ? "_bias" : "");
    }

    /** {@code struct ReluRunHeader}; the numbers of images matter to plane_flatten only. */
    byte[] header(StepTable table, int imagesA, int imagesB) {
        return ByteBuffer.allocate(HEADER_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(layers())
                .putInt(channels)
                .putInt(circular ? 1 : 0)
                .putInt(tangentInput ? 1 : 0)
                .putInt(Long.bitCount(readLayers))
                .putInt(imagesA)
                .putInt(imagesB)
                .putFloat((float) (1 / lastMultiple))
                .putLong(frozen)
                .putLong(readLayers)
                .putLong(load)
                .putLong(send)
                .putLong(table.arenaStride())
                .array();
    }

    /** {@code struct PackHeader}. */
    byte[] packHeader(StepTable table, int images, int variants) {
        return ByteBuffer.allocate(PACK_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(side)
                .putInt(channels)
                .putInt(layers())
                .putInt(images)
                .putInt(variants)
                .putInt(0)
                .putLong(table.recordStride())
                .putLong(firstDeviation)
                .array();
    }

    /** 1 / sqrt(m) of every layer: what pack_quads divides by the standard deviations. */
    double[] inverseRoots() {
        return Arrays.stream(multiples).map(m -> 1 / Math.sqrt(m)).toArray();
    }

    /** Floats of one packed image. */
    long packedFloats(int variants) {
        return (long) (channels + layers()) * variants * side * side;
    }

    /** Walks over the steps and keeps the multiple. */
    private static final class Walk {
        private final StepTable table;
        private final PlaneProgram program;
        private final Segment segment;
        private final int channels;
        private final List<Double> multiples = new ArrayList<>();
        private final List<Double> readMultiples = new ArrayList<>();
        private final List<Float> biases = new ArrayList<>();
        private final List<Integer> readouts = new ArrayList<>();
        private double multiple = 1;
        private int circular = -1; // not known yet
        private long frozen;
        private long readLayers;
        private long load = -1;
        private long send = -1;

        Walk(StepTable table, PlaneProgram program, Segment segment, int channels) {
            this.table = table;
            this.program = program;
            this.segment = segment;
            this.channels = channels;
        }

        boolean takesAll() {
            for (PlaneStep step : segment.steps()) {
                if (send >= 0 || !takes(step)) {
                    return false;
                }
            }
            return !multiples.isEmpty() && multiples.size() <= MOST_LAYERS;
        }

        private boolean takes(PlaneStep step) {
            return switch (step) {
                case PlaneStep.Input() -> true;
                case PlaneStep.Load(int tensor) -> {
                    boolean first = load < 0 && multiples.isEmpty();
                    load = table.exchanges().get(tensor).cols().out();
                    yield first;
                }
                case PlaneStep.Send(int tensor) -> {
                    send = table.exchanges().get(tensor).rows().in();
                    yield true;
                }
                case PlaneStep.Scale(double factor) -> {
                    multiple /= factor;
                    yield factor != 0;
                }
                case PlaneStep.ConvRelu(PlaneStep.Conv conv) -> takes(conv);
                case PlaneStep.Read(int begin, int end) -> reads(begin, end);
                case PlaneStep.Conv _,
                        PlaneStep.Relu(),
                        PlaneStep.Nonlinear _,
                        PlaneStep.Save _,
                        PlaneStep.Restore _,
                        PlaneStep.AddSaved _ -> false;
            };
        }

        private boolean takes(PlaneStep.Conv conv) {
            int wraps = conv.circular() ? 1 : 0;
            boolean alike = conv.radius() == 1 && (circular < 0 || circular == wraps);
            circular = wraps;
            int layer = multiples.size();
            frozen |= !conv.train() && !conv.first() && layer < MOST_LAYERS ? 1L << layer : 0;
            multiples.add(multiple);
            biases.add((float) (multiple * conv.bias()));
            biases.add(conv.train() ? (float) (multiple * conv.bias()) : 0f);
            multiple *= PI_FLOAT * (layer % RESCALE_EVERY == RESCALE_EVERY - 1 ? RESCALE : 1);
            return alike;
        }

        private boolean reads(int begin, int end) {
            int layer = multiples.size() - 1;
            if (layer < 0 || layer >= MOST_LAYERS) {
                return false;
            }
            readLayers |= 1L << layer;
            readMultiples.add(multiple);
            for (int readout = begin; readout < end; readout++) {
                ReadoutWeights weights = program.readouts().get(readout).weights();
                if (!weights.plain()
                        || !Arrays.equals(weights.rowDisplacements(), segment.rows())
                        || !Arrays.equals(weights.colDisplacements(), segment.cols())) {
                    return false;
                }
                readouts.add(readMultiples.size() - 1);
            }
            return true;
        }

        ReluRun run(int side, int index) {
            long deviation = table.pixelNumbers();
            for (Segment before : program.segments().subList(0, index)) {
                deviation += (long) before.activations() * before.height() * before.width();
            }
            float[] bias = new float[biases.size()];
            for (int at = 0; at < bias.length; at++) {
                bias[at] = biases.get(at);
            }
            return new ReluRun(
                    side,
                    load < 0 ? channels : 0,
                    circular == 1,
                    load < 0 && program.tangentAtInput(),
                    frozen,
                    readLayers,
                    readouts.stream().mapToInt(Integer::intValue).toArray(),
                    load,
                    send,
                    multiples.stream().mapToDouble(Double::doubleValue).toArray(),
                    readMultiples.stream().mapToDouble(Double::doubleValue).toArray(),
                    multiple,
                    bias,
                    deviation);
        }
    }
}

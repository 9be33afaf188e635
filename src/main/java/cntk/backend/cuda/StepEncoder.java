package cntk.backend.cuda;

import cntk.arch.Layer;
import cntk.plan.PlaneProgram;
import cntk.plan.PlaneStep;
import cntk.plan.ReadoutWeights;
import cntk.plan.Segment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/** Writes the steps of one segment as {@code struct PlaneStep} of {@code kernels-cuda/common/program.cuh}. */
final class StepEncoder {
    /** sizeof(PlaneStep): int op, kind, flags, reserved; long offset; double x, y, z. */
    static final int STEP_BYTES = 48;

    /** enum PlaneOp. */
    enum Op {
        INPUT(0),
        CONVOLVE(1),
        RELU(2),
        NONLINEAR(3),
        SCALE(4),
        LOAD(5),
        SEND(6),
        SAVE(7),
        RESTORE(8),
        ADD_SAVED(9),
        READ(10);

        private final int code;

        Op(int code) {
            this.code = code;
        }
    }

    static final int CIRCULAR = 1;
    static final int TANGENT = 2;
    static final int WITH_RELU = 4;
    static final int PLAIN = 8;

    private final PlaneProgram program;
    private final int channels;
    private final List<ExchangeTable> exchanges;
    private final ReadWeights weights;
    private ByteBuffer out = ByteBuffer.allocate(0);
    private long deviations; // where those of the next activation stand in a record
    private int firstReadout = -1;
    private int readouts;

    StepEncoder(
            PlaneProgram program,
            int channels,
            List<ExchangeTable> exchanges,
            ReadWeights weights,
            long firstDeviation) {
        this.program = program;
        this.channels = channels;
        this.exchanges = exchanges;
        this.weights = weights;
        this.deviations = firstDeviation;
    }

    SegmentTable encode(Segment segment) {
        int count = segment.steps().stream().mapToInt(StepEncoder::encoded).sum();
        out = ByteBuffer.allocate(count * STEP_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        int pixels = segment.height() * segment.width();
        for (PlaneStep step : segment.steps()) {
            if (step instanceof PlaneStep.Read(int begin, int end)) {
                for (int readout = begin; readout < end; readout++) {
                    read(readout, segment);
                }
            } else {
                put(step);
            }
            deviations += step instanceof PlaneStep.Activation ? pixels : 0;
        }
        return new SegmentTable(
                segment.height(),
                segment.width(),
                wanted(segment.rows()),
                wanted(segment.cols()),
                segment.saved(),
                Math.max(firstReadout, 0),
                readouts,
                out.array());
    }

    /** Steps of the kernel that a step of the program becomes. */
    private static int encoded(PlaneStep step) {
        return step instanceof PlaneStep.Read(int begin, int end) ? end - begin : 1;
    }

    private void put(PlaneStep step) {
        switch (step) {
            case PlaneStep.Input() -> put(Op.INPUT, channels, program.tangentAtInput() ? TANGENT : 0, 0, 0, 0, 0);
            case PlaneStep.Conv conv -> put(conv, 0, 0);
            case PlaneStep.ConvRelu(PlaneStep.Conv conv) -> put(conv, WITH_RELU, deviations);
            case PlaneStep.Relu() -> put(Op.RELU, 0, 0, deviations, 0, 0, 0);
            case PlaneStep.Nonlinear(Layer.Nonlinearity function, double before, double after) ->
                put(Op.NONLINEAR, code(function), 0, deviations, before, after, parameter(function));
            case PlaneStep.Scale(double factor) -> put(Op.SCALE, 0, 0, 0, factor, 0, 0);
            case PlaneStep.Load(int tensor) ->
                put(Op.LOAD, 0, 0, exchanges.get(tensor).cols().out(), 0, 0, 0);
            case PlaneStep.Send(int tensor) ->
                put(Op.SEND, 0, 0, exchanges.get(tensor).rows().in(), 0, 0, 0);
            case PlaneStep.Save(int depth) -> put(Op.SAVE, depth, 0, 0, 0, 0, 0);
            case PlaneStep.Restore(int depth) -> put(Op.RESTORE, depth, 0, 0, 0, 0, 0);
            case PlaneStep.AddSaved(int depth, double factor) -> put(Op.ADD_SAVED, depth, 0, 0, factor, 0, 0);
            case PlaneStep.Read _ -> throw new IllegalStateException("readouts are written one by one");
        }
    }

    private void put(PlaneStep.Conv conv, int relu, long offset) {
        int flags = (conv.circular() ? CIRCULAR : 0) | (conv.train() || conv.first() ? TANGENT : 0) | relu;
        put(Op.CONVOLVE, conv.radius(), flags, offset, conv.bias(), conv.train() ? conv.bias() : 0, 0);
    }

    private void read(int readout, Segment segment) {
        firstReadout = firstReadout < 0 ? readout : firstReadout;
        ReadoutWeights read = program.readouts().get(readout).weights();
        boolean everyPlane = Arrays.equals(read.rowDisplacements(), segment.rows())
                && Arrays.equals(read.colDisplacements(), segment.cols());
        put(Op.READ, readouts, everyPlane && read.plain() ? PLAIN : 0, weights.add(read), 0, 0, 0);
        readouts++;
    }

    private void put(Op op, int kind, int flags, long offset, double x, double y, double z) {
        out.putInt(op.code).putInt(kind).putInt(flags).putInt(0);
        out.putLong(offset).putDouble(x).putDouble(y).putDouble(z);
    }

    /** enum Function. */
    private static int code(Layer.Nonlinearity function) {
        return switch (function) {
            case Layer.Relu(), Layer.LeakyRelu _, Layer.Abs(), Layer.Identity() -> 0;
            case Layer.Erf() -> 1;
            case Layer.Gelu() -> 2;
            case Layer.Sin() -> 3;
            case Layer.Rbf _ -> 4;
            case Layer.Gaussian _ -> 5;
            case Layer.ReluProject() -> 6;
        };
    }

    /** The slope of the negative side for the leaky family, else gamma. */
    private static double parameter(Layer.Nonlinearity function) {
        return switch (function) {
            case Layer.LeakyRelu(double a) -> a;
            case Layer.Abs() -> -1;
            case Layer.Identity() -> 1;
            case Layer.Rbf(double gamma) -> gamma;
            case Layer.Gaussian(double gamma) -> gamma;
            case Layer.Relu(), Layer.Erf(), Layer.Gelu(), Layer.Sin(), Layer.ReluProject() -> 0;
        };
    }

    /** The displacements that are computed, ascending. */
    static int[] wanted(boolean[] displacements) {
        int[] found = new int[displacements.length];
        int count = 0;
        for (int d = 0; d < displacements.length; d++) {
            if (displacements[d]) {
                found[count++] = d;
            }
        }
        return Arrays.copyOf(found, count);
    }
}

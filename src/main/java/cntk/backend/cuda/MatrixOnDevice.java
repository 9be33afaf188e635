package cntk.backend.cuda;

import cntk.backend.PairSink;
import cntk.backend.PairValue;
import cntk.backend.SelfKernels;
import cntk.backend.UnitDiagonal;
import cntk.plan.KernelTask;
import cntk.plan.PlaneReadout;
import cntk.plan.Precision;
import cntk.plan.Tile;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/** Computes tiles of one matrix on one device, on the device's thread. */
final class MatrixOnDevice implements AutoCloseable {
    /** Images whose pairs with themselves are computed as the diagonal of a square where pairs come as rectangles. */
    private static final int SELF_SQUARE = 8;

    private final KernelTask task;
    private final ProgramOnDevice program;
    private final DeviceThread thread;
    private final Consumer<String> notices;
    private final DeviceImages rows;
    private final DeviceImages cols;
    private final DeviceImages mirroredRows; // rows and cols themselves without flips
    private final DeviceImages mirroredCols;
    private final PairValue[] values; // by readout
    private final int[] kernels; // by readout
    private final boolean needsSelf;
    private final double share; // of one pair in the kernel
    private int batch;
    private List<BatchLane> lanes = List.of();
    private int turn;

    /** @param sets rows, cols, and their mirror images (without flips: themselves) */
    MatrixOnDevice(
            KernelTask task,
            ProgramOnDevice program,
            DeviceThread thread,
            List<DeviceImages> sets,
            Consumer<String> notices) {
        this.task = task;
        this.program = program;
        this.thread = thread;
        this.notices = notices;
        this.rows = sets.get(0);
        this.cols = sets.get(1);
        this.mirroredRows = sets.get(2);
        this.mirroredCols = sets.get(3);
        List<PlaneReadout> readouts = program.program().readouts();
        this.kernels = readouts.stream().mapToInt(PlaneReadout::network).toArray();
        this.values = readouts.stream()
                .map(readout -> new PairValue(task.networks().get(readout.network()), readout, task.kind()))
                .toArray(PairValue[]::new);
        this.needsSelf = task.unitDiagonal() || Arrays.stream(values).anyMatch(PairValue::headNeedsVariances);
        this.share = task.flip() ? 0.5 : 1;
        this.batch = program.batchPairs();
    }

    /**
     * Fills {@code out} as {@link cntk.backend.TileBackend#compute} has it. Where memory runs out, batches get smaller and the tile
     * is begun again.
     */
    void compute(Tile tile, double[] out) throws DeviceThread.StoppedWork {
        while (true) {
            boolean done = false;
            try {
                attempt(tile, out);
                done = true;
                return;
            } catch (CudaException e) {
                if (!e.isOutOfMemory() || batch == 1) {
                    throw e;
                }
                notices.accept(e.getMessage() + "; goes on with batches of " + batch / 2 + " pairs, not " + batch);
            } finally {
                if (!done) {
                    lanes.forEach(BatchLane::abandon);
                }
            }
            closeLanes();
            batch /= 2;
        }
    }

    private void attempt(Tile tile, double[] out) throws DeviceThread.StoppedWork {
        if (lanes.isEmpty()) {
            lanes = program.lanes(batch);
        }
        int entries = task.kernels() * tile.entries();
        Arrays.fill(out, 0, entries, 0);
        if (needsSelf) {
            self(rows, mirroredRows, tile.rowBegin(), tile.rowEnd());
            self(cols, mirroredCols, tile.colBegin(), tile.colEnd());
        }
        if (rows != cols) {
            PairSink sink = new PairSink.Block(tile, out);
            block(rows, tile.rowBegin(), tile.rowEnd(), tile.colBegin(), tile.colEnd(), sink);
        } else {
            symmetric(tile, out);
        }
        if (task.unitDiagonal()) {
            UnitDiagonal.scale(
                    tile,
                    task.kernels(),
                    out,
                    (kernel, row) -> known(rows, row).diagonal()[kernel],
                    (kernel, col) -> known(cols, col).diagonal()[kernel]);
        }
        for (int at = 0; program.tables().precision() == Precision.F32 && at < entries; at++) {
            out[at] = (float) out[at];
        }
    }

    /** Of a symmetric pair the smaller number is always image a: sums over planes depend on their order. */
    private void symmetric(Tile tile, double[] out) throws DeviceThread.StoppedWork {
        PairSink above = new PairSink.Symmetric(tile, out, false);
        block(rows, tile.rowBegin(), tile.rowEnd(), tile.colBegin(), tile.colEnd(), above);
        boolean onDiagonal = tile.rowBegin() == tile.colBegin() && tile.rowEnd() == tile.colEnd();
        if (tile.rowEnd() - 1 > tile.colBegin() && !onDiagonal) {
            PairSink below = new PairSink.Symmetric(tile, out, true);
            block(rows, tile.colBegin(), tile.colEnd(), tile.rowBegin(), tile.rowEnd(), below);
        }
    }

    /** Computes the pairs that {@code sink} wants, of images a of {@code setA} and images b of the columns, mirrored too if asked for. */
    private void block(DeviceImages setA, int aBegin, int aEnd, int bBegin, int bEnd, PairSink sink)
            throws DeviceThread.StoppedWork {
        List<DeviceImages> others = task.flip() ? List.of(cols, mirroredCols) : List.of(cols);
        for (int a = aBegin; a < aEnd; a = setA.spanEnd(a, aEnd)) {
            for (DeviceImages other : others) {
                for (int b = bBegin; b < bEnd; b = other.spanEnd(b, bEnd)) {
                    Rectangle pairs = new Rectangle(setA, a, setA.spanEnd(a, aEnd), other, b, other.spanEnd(b, bEnd));
                    if (pairs.anyWanted(sink)) {
                        ready(pairs);
                        run(pairs, sink::wants, (row, col, sums) -> add(setA, row, col, sums, sink));
                    }
                }
            }
        }
        drain();
    }

    /** Images of two sets that are on the device together. */
    private record Rectangle(DeviceImages setA, int aBegin, int aEnd, DeviceImages setB, int bBegin, int bEnd) {
        boolean anyWanted(PairSink sink) {
            for (int a = aBegin; a < aEnd; a++) {
                for (int b = bBegin; b < bEnd; b++) {
                    if (sink.wants(a, b)) {
                        return true;
                    }
                }
            }
            return false;
        }
    }

    /** Which pairs of a rectangle are to be computed. */
    @FunctionalInterface
    private interface Wanted {
        boolean test(int a, int b);
    }

    private void ready(Rectangle pairs) {
        program.load(pairs.setA(), pairs.aBegin(), pairs.aEnd(), this::drain);
        program.load(pairs.setB(), pairs.bBegin(), pairs.bEnd(), this::drain);
    }

    private void run(Rectangle pairs, Wanted wanted, BatchLane.Receiver receiver) throws DeviceThread.StoppedWork {
        BatchLane.Receiver filtered = (a, b, sums) -> {
            if (wanted.test(a, b)) {
                receiver.accept(a, b, sums);
            }
        };
        if (program.tables().flatten()) {
            rectangles(pairs, filtered);
        } else {
            pairByPair(pairs, wanted, filtered);
        }
    }

    private void rectangles(Rectangle pairs, BatchLane.Receiver receiver) throws DeviceThread.StoppedWork {
        int width = Math.min(batch, pairs.bEnd() - pairs.bBegin());
        int height = Math.max(1, batch / width);
        for (int a = pairs.aBegin(); a < pairs.aEnd(); a += height) {
            for (int b = pairs.bBegin(); b < pairs.bEnd(); b += width) {
                next().launchRectangle(
                                pairs.setA(),
                                a,
                                Math.min(height, pairs.aEnd() - a),
                                pairs.setB(),
                                b,
                                Math.min(width, pairs.bEnd() - b),
                                receiver);
            }
        }
    }

    private void pairByPair(Rectangle pairs, Wanted wanted, BatchLane.Receiver receiver)
            throws DeviceThread.StoppedWork {
        BatchLane lane = next();
        for (int a = pairs.aBegin(); a < pairs.aEnd(); a++) {
            for (int b = pairs.bBegin(); b < pairs.bEnd(); b++) {
                if (wanted.test(a, b)) {
                    if (lane.isFull()) {
                        lane.launch(pairs.setA(), pairs.setB(), receiver);
                        lane = next();
                    }
                    lane.add(a, b);
                }
            }
        }
        if (!lane.isEmpty()) {
            lane.launch(pairs.setA(), pairs.setB(), receiver);
        }
    }

    /** The lane whose turn it is, empty. */
    private BatchLane next() throws DeviceThread.StoppedWork {
        thread.checkStop();
        BatchLane lane = lanes.get(turn);
        turn = (turn + 1) % lanes.size();
        lane.finish();
        return lane;
    }

    /** Waits for all batches and hands their sums over, the older one first. */
    private void drain() {
        for (int k = 0; k < lanes.size(); k++) {
            lanes.get((turn + k) % lanes.size()).finish();
        }
    }

    private void add(DeviceImages setA, int a, int b, double[] sums, PairSink sink) {
        for (int readout = 0; readout < values.length; readout++) {
            PairValue value = values[readout];
            double kernel = value.of(
                    sums[2 * readout],
                    sums[2 * readout + 1],
                    headVariances(setA, a, readout),
                    headVariances(cols, b, readout));
            sink.add(kernels[readout], a, b, share * kernel);
        }
    }

    private double[] headVariances(DeviceImages set, int image, int readout) {
        return values[readout].headNeedsVariances()
                ? known(set, image).headVariances()[kernels[readout]]
                : PairValue.noVariances();
    }

    private static SelfKernels known(DeviceImages set, int image) {
        return Objects.requireNonNull(set.source().selfKernels(image), "computed before the tile");
    }

    /** Computes what is missing of images with themselves: the same bits as in a tile. */
    private void self(DeviceImages set, DeviceImages mirrored, int begin, int end) throws DeviceThread.StoppedWork {
        boolean both = task.unitDiagonal() && task.flip();
        for (int first = begin; first < end; first = set.spanEnd(first, end)) {
            int spanEnd = set.spanEnd(first, end);
            if (isKnown(set, first, spanEnd)) {
                continue;
            }
            int start = first;
            double[][] own = new double[spanEnd - first][];
            double[][] others = both ? new double[spanEnd - first][] : own;
            diagonal(set, set, first, spanEnd, (a, _, sums) -> own[a - start] = sums.clone());
            if (both) {
                diagonal(set, mirrored, first, spanEnd, (a, _, sums) -> others[a - start] = sums.clone());
            }
            for (int image = first; image < spanEnd; image++) {
                set.source().keep(image, selfKernels(own[image - first], others[image - first]));
            }
        }
    }

    private static boolean isKnown(DeviceImages set, int begin, int end) {
        for (int image = begin; image < end; image++) {
            if (set.source().selfKernels(image) == null) {
                return false;
            }
        }
        return true;
    }

    /** The pairs (i, i) of two sets. */
    private void diagonal(DeviceImages set, DeviceImages other, int begin, int end, BatchLane.Receiver receiver)
            throws DeviceThread.StoppedWork {
        ready(new Rectangle(set, begin, end, other, begin, end));
        int step = program.tables().flatten() ? SELF_SQUARE : end - begin;
        for (int first = begin; first < end; first += step) {
            int last = Math.min(end, first + step);
            run(new Rectangle(set, first, last, other, first, last), (a, b) -> a == b, receiver);
        }
        drain();
    }

    private SelfKernels selfKernels(double[] own, double[] mirrored) {
        double[][] variances = new double[task.kernels()][];
        double[] diagonal = new double[task.unitDiagonal() ? task.kernels() : 0];
        for (int readout = 0; readout < values.length; readout++) {
            PairValue value = values[readout];
            int at = 2 * readout;
            double[] ofHead = value.headVariances(own[at], own[at + 1]);
            variances[kernels[readout]] = ofHead;
            if (task.unitDiagonal()) {
                double kernel = share * value.of(own[at], own[at + 1], ofHead, ofHead);
                kernel += task.flip() ? share * value.of(mirrored[at], mirrored[at + 1], ofHead, ofHead) : 0;
                diagonal[kernels[readout]] = kernel;
            }
        }
        return new SelfKernels(variances, diagonal);
    }

    private void closeLanes() {
        List<BatchLane> old = lanes;
        lanes = List.of();
        old.forEach(BatchLane::close);
    }

    @Override
    public void close() {
        closeLanes();
    }
}

package cntk.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A stream with the buffers of one batch of pairs: the pairs go in, all segments run, the sums come back. Two lanes take turns, so
 * that the sums of one batch are copied and read while the next one runs. Nothing is allocated from batch to batch.
 */
final class BatchLane implements AutoCloseable {
    private final PlaneTables tables;
    private final PlaneLaunches launches;
    private final int capacity;
    private final CudaResources opened = new CudaResources();
    private final CudaStream stream;
    private final DeviceBuffer pairs;
    private final PinnedBuffer hostPairs;
    private final DeviceBuffer sums;
    private final PinnedBuffer hostSums;
    private final PlaneLaunches.Room room;
    private final int[] rows; // of the pairs of a batch
    private final int[] cols;
    private final double[] values;
    private int count;
    private int rectangleCols; // 0: pair by pair
    private @Nullable Receiver receiver; // null: nothing under way

    /** Takes the sums of S and T~ over all planes: [readout][S, T~], in units of the program. */
    @FunctionalInterface
    interface Receiver {
        void accept(int row, int col, double[] sums);
    }

    /** @param capacity pairs of a batch */
    BatchLane(CudaDevice device, PlaneTables tables, PlaneLaunches launches, int capacity) {
        this.tables = tables;
        this.launches = launches;
        this.capacity = capacity;
        this.rows = new int[capacity];
        this.cols = new int[capacity];
        this.values = new double[2 * tables.readouts()];
        boolean done = false;
        try {
            stream = opened.add(device.stream());
            pairs = opened.add(device.allocate(pairTableBytes()));
            hostPairs = opened.add(device.pinned(pairTableBytes()));
            sums = opened.add(device.allocate(capacity * tables.sumBytes()));
            hostSums = opened.add(device.pinned(capacity * tables.sumBytes()));
            room = new PlaneLaunches.Room(
                    allocate(device, capacity * tables.arenaBytes(tables.precision())),
                    allocate(device, capacity * tables.partialBytes()),
                    allocate(device, scratchBytes(tables, launches)));
            done = true;
        } finally {
            if (!done) {
                opened.close();
            }
        }
    }

    /** Bytes of a lane that do not depend on its capacity. */
    static long scratchBytes(PlaneTables tables, PlaneLaunches launches) {
        return launches.scratchBytes("plane_program_" + tables.precision().word(), tables.precision());
    }

    private long pairTableBytes() {
        return (long) capacity * PlaneLaunches.PAIR_BYTES;
    }

    private long allocate(CudaDevice device, long bytes) {
        return bytes == 0 ? 0 : opened.add(device.allocate(bytes)).address();
    }

    /** {@code struct ImagePair} at place {@code at}. */
    static void writePair(MemorySegment table, int at, int slotA, int slotB, boolean same) {
        table.setAtIndex(ValueLayout.JAVA_INT, 4L * at, slotA);
        table.setAtIndex(ValueLayout.JAVA_INT, 4L * at + 1, slotB);
        table.setAtIndex(ValueLayout.JAVA_INT, 4L * at + 2, same ? 1 : 0);
        table.setAtIndex(ValueLayout.JAVA_INT, 4L * at + 3, 0);
    }

    /** Adds a pair to the batch to come. */
    void add(int row, int col) {
        rows[count] = row;
        cols[count] = col;
        count++;
    }

    boolean isEmpty() {
        return count == 0;
    }

    boolean isFull() {
        return count == capacity;
    }

    /** Starts the batch that was added: images of {@code setA} with images of {@code setB}. */
    void launch(DeviceImages setA, DeviceImages setB, Receiver to) {
        MemorySegment host = hostPairs.segment();
        for (int pair = 0; pair < count; pair++) {
            writePair(
                    host,
                    pair,
                    setA.slot(rows[pair]),
                    setB.slot(cols[pair]),
                    setA.source().number(rows[pair]) == setB.source().number(cols[pair]));
        }
        receiver = to;
        rectangleCols = 0;
        pairs.copyFrom(host.asSlice(0, (long) count * PlaneLaunches.PAIR_BYTES), 0, stream);
        for (int index = 0; index < tables.segments().size(); index++) {
            PlaneTables.SegmentPlace segment = tables.segments().get(index);
            if (segment.run().isPresent()) {
                launches.run(
                        stream,
                        segment,
                        pairs.address(),
                        count,
                        setA.packed(index, 0),
                        setB.packed(index, 0),
                        room.arena(),
                        room.partials());
            } else {
                launches.planes(
                        stream,
                        segment,
                        tables.precision(),
                        pairs.address(),
                        count,
                        setA.record(0),
                        setB.record(0),
                        room);
            }
            launches.sums(stream, segment, count, room.partials(), sums.address() + 2L * Double.BYTES * first(segment));
            launches.exchanges(stream, index, tables.precision(), count, room.arena());
        }
        fetch();
    }

    /** Starts all pairs of {@code a} images of one set and {@code b} of another, on plane (0,0): at most as many as fit a batch. */
    void launchRectangle(DeviceImages setA, int beginA, int a, DeviceImages setB, int beginB, int b, Receiver to) {
        count = a * b;
        MemorySegment ids = hostPairs.segment();
        for (int k = 0; k < a; k++) {
            ids.setAtIndex(ValueLayout.JAVA_INT, k, setA.source().number(beginA + k));
        }
        for (int k = 0; k < b; k++) {
            ids.setAtIndex(ValueLayout.JAVA_INT, a + k, setB.source().number(beginB + k));
        }
        for (int pair = 0; pair < count; pair++) {
            rows[pair] = beginA + pair / b;
            cols[pair] = beginB + pair % b;
        }
        receiver = to;
        rectangleCols = b;
        pairs.copyFrom(ids.asSlice(0, (long) (a + b) * Integer.BYTES), 0, stream);
        launches.flatten(
                stream,
                a,
                b,
                setA.packed(0, setA.slot(beginA)),
                setB.packed(0, setB.slot(beginB)),
                pairs.address(),
                pairs.address() + (long) a * Integer.BYTES,
                sums.address());
        fetch();
    }

    private void fetch() {
        sums.copyTo(hostSums.segment().asSlice(0, count * tables.sumBytes()), 0, stream);
    }

    /** Sums of all pairs before those of a segment. */
    private long first(PlaneTables.SegmentPlace segment) {
        return (long) count * segment.firstRead();
    }

    /** Waits for the batch under way, if there is one, and hands its sums over. */
    void finish() {
        if (receiver != null) {
            stream.synchronize();
            Receiver to = Objects.requireNonNull(receiver);
            for (int pair = 0; pair < count; pair++) {
                read(pair);
                to.accept(rows[pair], cols[pair], values);
            }
            forget();
        }
    }

    private void read(int pair) {
        MemorySegment host = hostSums.segment();
        for (int readout = 0; readout < tables.readouts(); readout++) {
            PlaneTables.ReadoutPlace place = tables.readout(readout);
            PlaneTables.SegmentPlace segment = tables.segments().get(place.segment());
            long at = rectangleCols > 0
                    ? (long) place.read() * count + pair
                    : first(segment) + (long) pair * segment.reads() + place.read();
            values[2 * readout] = host.getAtIndex(ValueLayout.JAVA_DOUBLE, 2 * at) / place.multiple();
            values[2 * readout + 1] = host.getAtIndex(ValueLayout.JAVA_DOUBLE, 2 * at + 1) / place.multiple();
        }
    }

    /** Drops the batch, under way or not; waits for the device, whose errors have been told before. */
    void abandon() {
        try {
            stream.synchronize();
        } catch (CudaException known) {
            // the error that made the batch useless, or one that the next call repeats
            return;
        } finally {
            forget();
        }
    }

    private void forget() {
        receiver = null;
        count = 0;
    }

    @Override
    public void close() {
        opened.close();
    }
}

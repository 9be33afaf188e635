package cntk.backend.cuda;

import cntk.plan.PlaneProgram;
import cntk.plan.Precision;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A plane program as one device holds it: the tables that every launch reads, whatever the images, and the sizes that follow. */
final class PlaneTables implements AutoCloseable {
    /** Image b is staged rotated by the parity of the displacement: rows and columns, even and odd. */
    private static final int PARITIES = 4;

    private static final int ALIGNMENT = 16;
    private static final int SUM_BYTES = 2 * Double.BYTES; // S and T~

    private final PlaneProgram program;
    private final StepTable table;
    private final Precision precision;
    private final boolean registers;
    private final List<SegmentPlace> segments;
    private final List<AxisPlace> axes;
    private final ReadoutPlace[] readouts;
    private final long weights;
    private final DeviceBuffer memory;

    /**
     * A segment and where its tables lie on the device; of a run there are {@code slots}, biases and 1 / sqrt(m).
     *
     * @param reads numbers that a pair gives: readouts, or reads of a run
     * @param parts partial sums of each
     * @param firstRead reads of the segments before
     */
    record SegmentPlace(
            SegmentTable table,
            long steps,
            long displacements,
            Optional<ReluRun> run,
            Optional<PlaneSlots> slots,
            long slotTable,
            long biases,
            long inverseRoots,
            int reads,
            int parts,
            int firstRead) {}

    /** One launch of an exchange, to be run when segment {@code from} is done. */
    record AxisPlace(int from, ExchangeTable.Axis axis, long table) {}

    /** Where the sums of a readout stand: the read of a segment, and by what they are to be divided. */
    record ReadoutPlace(int segment, int read, double multiple) {}

    /**
     * Brings the tables onto a device.
     *
     * @param registers whether floats may go to the kernels on registers
     */
    PlaneTables(
            CudaDevice device,
            CudaStream stream,
            PlaneProgram program,
            int channels,
            Precision precision,
            boolean registers) {
        this.program = program;
        this.precision = precision;
        this.registers = registers && precision == Precision.F32;
        this.table = StepTable.of(program, channels);
        Tables host = new Tables();
        long weightsAt = host.add(doubles(table.weights()));
        List<SegmentPlace> segmentsAt = new ArrayList<>();
        for (int index = 0; index < table.segments().size(); index++) {
            segmentsAt.add(place(host, channels, index, segmentsAt));
        }
        List<AxisPlace> axesAt = new ArrayList<>();
        for (ExchangeTable exchange : table.exchanges()) {
            for (ExchangeTable.Axis axis : List.of(exchange.rows(), exchange.cols())) {
                axesAt.add(new AxisPlace(exchange.from(), axis, host.add(ints(axis.table()))));
            }
        }
        this.memory = host.upload(device, stream);
        long base = memory.address();
        this.weights = base + weightsAt;
        this.segments = segmentsAt.stream().map(place -> moved(place, base)).toList();
        this.axes = axesAt.stream()
                .map(place -> new AxisPlace(place.from(), place.axis(), base + place.table()))
                .toList();
        this.readouts = readoutPlaces();
    }

    private SegmentPlace place(Tables host, int channels, int index, List<SegmentPlace> before) {
        SegmentTable segment = table.segments().get(index);
        Optional<ReluRun> run = registers ? run(table, program, channels, precision, index) : Optional.empty();
        Optional<PlaneSlots> slots =
                run.filter(taken -> !taken.flatten(segment)).map(taken -> PlaneSlots.of(taken, segment));
        return new SegmentPlace(
                segment,
                host.add(segment.steps()),
                host.add(ints(segment.displacements())),
                run,
                slots,
                host.add(slots.map(PlaneSlots::slots).orElse(new byte[0])),
                host.add(floats(run.map(ReluRun::biases).orElse(new float[0]))),
                host.add(doubles(run.map(ReluRun::inverseRoots).orElse(new double[0]))),
                run.map(taken -> taken.readMultiples().length).orElse(segment.readouts()),
                slots.map(PlaneSlots::blocks).orElse(segment.planes()),
                before.isEmpty()
                        ? 0
                        : before.getLast().firstRead() + before.getLast().reads());
    }

    private static Optional<ReluRun> run(
            StepTable table, PlaneProgram program, int channels, Precision precision, int index) {
        return precision == Precision.F32 ? ReluRun.of(table, program, channels, index) : Optional.empty();
    }

    private static SegmentPlace moved(SegmentPlace place, long base) {
        return new SegmentPlace(
                place.table(),
                base + place.steps(),
                base + place.displacements(),
                place.run(),
                place.slots(),
                base + place.slotTable(),
                base + place.biases(),
                base + place.inverseRoots(),
                place.reads(),
                place.parts(),
                place.firstRead());
    }

    private ReadoutPlace[] readoutPlaces() {
        ReadoutPlace[] places = new ReadoutPlace[program.readouts().size()];
        for (int index = 0; index < segments.size(); index++) {
            SegmentPlace segment = segments.get(index);
            for (int k = 0; k < segment.table().readouts(); k++) {
                int read = segment.run().isPresent() ? segment.run().get().readouts()[k] : k;
                double multiple =
                        segment.run().isPresent() ? segment.run().get().readMultiples()[read] : 1;
                places[segment.table().firstReadout() + k] = new ReadoutPlace(index, read, multiple);
            }
        }
        return places;
    }

    PlaneProgram program() {
        return program;
    }

    StepTable table() {
        return table;
    }

    Precision precision() {
        return precision;
    }

    List<SegmentPlace> segments() {
        return segments;
    }

    List<AxisPlace> axes() {
        return axes;
    }

    /** By the program's numbers of readouts. */
    ReadoutPlace readout(int readout) {
        return readouts[readout];
    }

    int readouts() {
        return readouts.length;
    }

    /** Address of all weights of readouts. */
    long weights() {
        return weights;
    }

    /** Whether plane (0,0) on registers is all there is: pairs come as rectangles of images then. */
    boolean flatten() {
        SegmentPlace first = segments.getFirst();
        return first.run().isPresent() && first.slots().isEmpty();
    }

    /** Whether any segment reads records of images as they are, not packed for a run. */
    boolean readsRecords() {
        return segments.stream().anyMatch(segment -> segment.run().isEmpty());
    }

    /** Bytes of one record in the precision of the pairs. */
    long recordBytes() {
        return table.recordStride() * precision.bytes();
    }

    /** Bytes of one image packed for a run. */
    long packedBytes(SegmentPlace segment) {
        return segment.run().orElseThrow().packedFloats(variants(segment)) * Float.BYTES;
    }

    int variants(SegmentPlace segment) {
        return segment.slots().isPresent() ? PARITIES : 1;
    }

    /** Bytes of an image on the device for good. */
    long imageBytes() {
        long bytes = readsRecords() ? recordBytes() : 0;
        for (SegmentPlace segment : segments) {
            bytes += segment.run().isPresent() ? packedBytes(segment) : 0;
        }
        return bytes;
    }

    /** The same before there is a device. */
    static long imageBytes(PlaneProgram program, int channels, Precision precision) {
        StepTable table = StepTable.of(program, channels);
        long packed = 0;
        boolean records = false;
        for (int index = 0; index < table.segments().size(); index++) {
            Optional<ReluRun> run = run(table, program, channels, precision, index);
            int variants = run.isPresent() && run.get().flatten(table.segments().get(index)) ? 1 : PARITIES;
            packed +=
                    run.map(taken -> taken.packedFloats(variants) * Float.BYTES).orElse(0L);
            records |= run.isEmpty();
        }
        return packed + (records ? table.recordStride() * precision.bytes() : 0);
    }

    /** Bytes of a pair's planes that meet. */
    long arenaBytes(Precision type) {
        return 2 * table.arenaStride() * type.bytes();
    }

    /** Bytes of a pair's partial sums, of the segment that has most. */
    long partialBytes() {
        return SUM_BYTES
                * segments.stream()
                        .mapToLong(segment -> (long) segment.reads() * segment.parts())
                        .max()
                        .orElseThrow();
    }

    /** The same where every segment runs on the general kernel, as for factors of images. */
    long selfPartialBytes() {
        return SUM_BYTES
                * table.segments().stream()
                        .mapToLong(segment -> (long) segment.readouts() * segment.planes())
                        .max()
                        .orElseThrow();
    }

    /** Bytes of a pair's sums. */
    long sumBytes() {
        return (long) SUM_BYTES
                * segments.stream().mapToInt(SegmentPlace::reads).sum();
    }

    /** Most bytes that a pair takes in the buffers of one batch. */
    long pairBytes() {
        return PlaneLaunches.PAIR_BYTES + arenaBytes(precision) + partialBytes() + sumBytes();
    }

    @Override
    public void close() {
        memory.close();
    }

    private static byte[] ints(int[] values) {
        return bytes(MemorySegment.ofArray(values));
    }

    private static byte[] floats(float[] values) {
        return bytes(MemorySegment.ofArray(values));
    }

    private static byte[] doubles(double[] values) {
        return bytes(MemorySegment.ofArray(values));
    }

    /** In the order of this machine, which is the device's: CUDA knows no big-endian hosts. */
    private static byte[] bytes(MemorySegment values) {
        return values.toArray(ValueLayout.JAVA_BYTE);
    }

    /** Tables one after the other, as they will lie on the device. */
    private static final class Tables {
        private final List<byte[]> all = new ArrayList<>();
        private long end;

        long add(byte[] bytes) {
            long begin = end;
            all.add(bytes);
            end = Math.ceilDiv(begin + bytes.length, ALIGNMENT) * ALIGNMENT;
            return begin;
        }

        DeviceBuffer upload(CudaDevice device, CudaStream stream) {
            DeviceBuffer buffer = device.allocate(end);
            boolean done = false;
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment host = arena.allocate(end, ALIGNMENT);
                long at = 0;
                for (byte[] bytes : all) {
                    MemorySegment.copy(bytes, 0, host, ValueLayout.JAVA_BYTE, at, bytes.length);
                    at = Math.ceilDiv(at + bytes.length, ALIGNMENT) * ALIGNMENT;
                }
                buffer.copyFrom(host, 0, stream);
                stream.synchronize();
                done = true;
                return buffer;
            } finally {
                if (!done) {
                    buffer.close();
                }
            }
        }
    }
}

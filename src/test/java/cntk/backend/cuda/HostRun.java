package cntk.backend.cuda;

import cntk.dataset.ImageSet;
import cntk.plan.PlaneProgram;
import cntk.plan.Precision;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A program on the kernels, launched as a host has to: factors of the images segment by segment, then all pairs of two sets at
 * once. Everything lives until the arena closes.
 */
final class HostRun {
    private static final int IMAGE_PAIR_BYTES = 16;
    private static final int[] GRID = {7, 1, 1}; // any number gives the same bits

    private final HostKernels kernels = HostKernels.compiled();
    private final StepTable table;
    private final PlaneProgram program;
    private final Precision precision;
    private final HostKernels.Order order;
    private final Arena memory;
    private final List<Optional<ReluRun>> runs = new ArrayList<>();

    /** Images on the device: records in double, and in the precision of the pairs. */
    record Images(MemorySegment exact, MemorySegment rounded, int count) {}

    /** @param registers whether segments that the kernels on registers take go to these */
    HostRun(
            PlaneProgram program,
            int channels,
            Precision precision,
            boolean registers,
            HostKernels.Order order,
            Arena memory) {
        this.program = program;
        this.table = StepTable.of(program, channels);
        this.precision = precision;
        this.order = order;
        this.memory = memory;
        for (int index = 0; index < program.segments().size(); index++) {
            boolean wanted = registers && precision == Precision.F32;
            runs.add(wanted ? ReluRun.of(table, program, channels, index) : Optional.empty());
        }
    }

    /** Segments that go to the kernels on registers. */
    long onRegisters() {
        return runs.stream().filter(Optional::isPresent).count();
    }

    Images images(ImageSet set) {
        MemorySegment exact = records(set);
        return new Images(exact, rounded(exact, set.count()), set.count());
    }

    /** Records of all images in double: pixels and standard deviations. */
    private MemorySegment records(ImageSet images) {
        MemorySegment records = doubles(table.recordStride() * images.count());
        double scale = Math.scalb(1.0, program.inputExponent());
        double[] values = new double[images.shape().values()];
        for (int image = 0; image < images.count(); image++) {
            images.read(image, values);
            for (int at = 0; at < values.length; at++) {
                records.setAtIndex(ValueLayout.JAVA_DOUBLE, image * table.recordStride() + at, scale * values[at]);
            }
        }
        MemorySegment arena = doubles(2 * table.arenaStride() * images.count());
        int[][] selfPairs = new int[images.count()][];
        for (int image = 0; image < images.count(); image++) {
            selfPairs[image] = new int[] {image, image, 1};
        }
        for (int index = 0; index < table.segments().size(); index++) {
            trace(index, images.count(), arena, records);
            if (index < table.segments().size() - 1) {
                planes(index, Precision.F64, pairs(selfPairs), images.count(), records, records, arena);
                exchange(index, Precision.F64, images.count(), arena);
            }
        }
        return records;
    }

    /** The records in the precision of the pairs. */
    private MemorySegment rounded(MemorySegment exact, int images) {
        if (precision == Precision.F64) {
            return exact;
        }
        MemorySegment rounded = memory.allocate(Math.max(1, table.recordStride() * images) * Float.BYTES, 64);
        kernels.launch(
                "round_records",
                GRID,
                new int[] {256, 1, 1},
                0,
                order,
                exact,
                table.recordStride(),
                table.pixelNumbers(),
                images,
                rounded);
        return rounded;
    }

    /** Sums of S and T~ of every pair {a, b, same}: [pair][readout][S, T~]. */
    double[] sums(Images a, Images b, int[][] pairs) {
        MemorySegment arena =
                memory.allocate(Math.max(1, 2 * table.arenaStride() * pairs.length) * precision.bytes(), 64);
        double[] out = new double[2 * program.readouts().size() * pairs.length];
        for (int index = 0; index < table.segments().size(); index++) {
            if (runs.get(index).isPresent()) {
                run(index, runs.get(index).orElseThrow(), a, b, pairs, arena, out);
            } else {
                SegmentTable segment = table.segments().get(index);
                MemorySegment partials =
                        planes(index, precision, pairs(pairs), pairs.length, a.rounded(), b.rounded(), arena);
                add(segment, partials, segment.planes(), segment.readouts(), pairs.length, null, out);
            }
            exchange(index, precision, pairs.length, arena);
        }
        return out;
    }

    private void run(int index, ReluRun run, Images a, Images b, int[][] pairs, MemorySegment arena, double[] out) {
        SegmentTable segment = table.segments().get(index);
        if (run.flatten(segment)) {
            flatten(segment, run, a, b, pairs, out);
            return;
        }
        PlaneSlots slots = PlaneSlots.of(run, segment);
        int reads = run.readMultiples().length;
        MemorySegment partials = doubles(2L * pairs.length * reads * slots.blocks());
        kernels.launch(
                run.kernel(segment),
                new int[] {slots.blocks(), pairs.length, 1},
                new int[] {slots.threads(), 1, 1},
                0,
                order,
                run.header(table, 0, 0),
                packed(run, a, 4),
                packed(run, b, 4),
                memory.allocateFrom(ValueLayout.JAVA_FLOAT, run.biases()),
                pairs(pairs),
                memory.allocateFrom(ValueLayout.JAVA_BYTE, slots.slots()),
                arena,
                partials);
        add(segment, partials, slots.blocks(), reads, pairs.length, run, out);
    }

    /** Computes all pairs of both sets at once and picks those asked for. */
    private void flatten(SegmentTable segment, ReluRun run, Images a, Images b, int[][] pairs, double[] out) {
        int reads = run.readMultiples().length;
        int[] idsA = new int[a.count()];
        int[] idsB = new int[b.count()];
        Arrays.setAll(idsA, k -> k);
        Arrays.setAll(idsB, k -> -1 - k);
        for (int[] pair : pairs) { // an image is named by the first image a that equals it
            if (pair[2] == 1 && (idsB[pair[1]] < 0 || pair[0] < idsB[pair[1]])) {
                idsB[pair[1]] = pair[0];
            }
        }
        for (int[] pair : pairs) {
            idsA[pair[0]] = pair[2] == 1 ? idsB[pair[1]] : idsA[pair[0]];
        }
        int block = run.side() == 32 ? 4 : 8;
        MemorySegment sums = doubles(2L * reads * a.count() * b.count());
        kernels.launch(
                run.kernel(segment),
                new int[] {Math.ceilDiv(b.count(), block), Math.ceilDiv(a.count(), block), 1},
                new int[] {512, 1, 1},
                2L * 2 * block * run.side() * run.side() * Float.BYTES,
                order,
                run.header(table, a.count(), b.count()),
                packed(run, a, 1),
                packed(run, b, 1),
                memory.allocateFrom(ValueLayout.JAVA_FLOAT, run.biases()),
                memory.allocateFrom(ValueLayout.JAVA_INT, idsA),
                memory.allocateFrom(ValueLayout.JAVA_INT, idsB),
                sums);
        for (int pair = 0; pair < pairs.length; pair++) {
            for (int readout = 0; readout < run.readouts().length; readout++) {
                int read = run.readouts()[readout];
                long at = 2L * ((read * a.count() + pairs[pair][0]) * b.count() + pairs[pair][1]);
                int to = 2 * (pair * program.readouts().size() + segment.firstReadout() + readout);
                for (int part = 0; part < 2; part++) {
                    out[to + part] = sums.getAtIndex(ValueLayout.JAVA_DOUBLE, at + part) / run.readMultiples()[read];
                }
            }
        }
    }

    private MemorySegment packed(ReluRun run, Images images, int variants) {
        MemorySegment data = memory.allocate(run.packedFloats(variants) * images.count() * Float.BYTES, 64);
        kernels.launch(
                "pack_quads",
                GRID,
                new int[] {256, 1, 1},
                0,
                order,
                run.packHeader(table, images.count(), variants),
                memory.allocateFrom(ValueLayout.JAVA_DOUBLE, run.inverseRoots()),
                images.exact(),
                data);
        return data;
    }

    /** Adds up the parts of every read and puts them where the readouts of the segment stand. */
    private void add(
            SegmentTable segment,
            MemorySegment partials,
            int parts,
            int reads,
            int pairs,
            @Nullable ReluRun run,
            double[] out) {
        if (reads == 0) {
            return;
        }
        MemorySegment sums = doubles(2L * reads * pairs);
        kernels.launch(
                "sum_planes", new int[] {pairs, reads, 1}, new int[] {32, 1, 1}, 0, order, partials, parts, sums);
        for (int pair = 0; pair < pairs; pair++) {
            for (int readout = 0; readout < segment.readouts(); readout++) {
                int read = run == null ? readout : run.readouts()[readout];
                double multiple = run == null ? 1 : run.readMultiples()[read];
                int to = 2 * (pair * program.readouts().size() + segment.firstReadout() + readout);
                for (int part = 0; part < 2; part++) {
                    long at = 2L * (pair * reads + read) + part;
                    out[to + part] = sums.getAtIndex(ValueLayout.JAVA_DOUBLE, at) / multiple;
                }
            }
        }
    }

    private void trace(int index, int images, MemorySegment arena, MemorySegment records) {
        SegmentTable segment = table.segments().get(index);
        kernels.launch(
                "image_factors",
                GRID,
                segment.block(),
                segment.blockBytes(Precision.F64),
                order,
                segment.header(table, images),
                memory.allocateFrom(ValueLayout.JAVA_BYTE, segment.steps()),
                arena,
                records,
                MemorySegment.NULL);
    }

    private MemorySegment planes(
            int index,
            Precision type,
            MemorySegment pairs,
            int count,
            MemorySegment imagesA,
            MemorySegment imagesB,
            MemorySegment arena) {
        SegmentTable segment = table.segments().get(index);
        MemorySegment partials = doubles(2L * count * segment.readouts() * segment.planes());
        boolean shared = segment.blockBytes(type) <= 96 << 10;
        kernels.launch(
                "plane_program_" + type.word(),
                GRID,
                segment.block(),
                shared ? segment.blockBytes(type) : 0,
                order,
                segment.header(table, count),
                memory.allocateFrom(ValueLayout.JAVA_BYTE, segment.steps()),
                memory.allocateFrom(ValueLayout.JAVA_INT, segment.displacements()),
                pairs,
                imagesA,
                imagesB,
                memory.allocateFrom(ValueLayout.JAVA_DOUBLE, table.weights()),
                arena,
                partials,
                shared ? MemorySegment.NULL : memory.allocate(segment.blockBytes(type) * GRID[0], 64));
        return partials;
    }

    private void exchange(int index, Precision type, int pairs, MemorySegment arena) {
        for (ExchangeTable exchange : table.exchanges()) {
            for (ExchangeTable.Axis axis : new ExchangeTable.Axis[] {exchange.rows(), exchange.cols()}) {
                if (exchange.from() == index) {
                    kernels.launch(
                            "plane_pool_" + type.word(),
                            GRID,
                            new int[] {256, 1, 1},
                            0,
                            order,
                            axis.header(table, pairs),
                            memory.allocateFrom(ValueLayout.JAVA_INT, axis.table()),
                            arena);
                }
            }
        }
    }

    /** struct ImagePair: {a, b, same}. */
    MemorySegment pairs(int[][] pairs) {
        MemorySegment out = memory.allocate((long) IMAGE_PAIR_BYTES * pairs.length, 64);
        for (int pair = 0; pair < pairs.length; pair++) {
            for (int at = 0; at < 3; at++) {
                out.setAtIndex(ValueLayout.JAVA_INT, 4L * pair + at, pairs[pair][at]);
            }
        }
        return out;
    }

    private MemorySegment doubles(long count) {
        MemorySegment fresh = memory.allocate(Math.max(1, count) * Double.BYTES, 64);
        fresh.fill((byte) 0xff); // NaN: nothing may be read before it is written
        return fresh;
    }
}

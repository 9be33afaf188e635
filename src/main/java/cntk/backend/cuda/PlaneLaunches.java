package cntk.backend.cuda;

import cntk.plan.Precision;
import java.lang.foreign.MemorySegment;

/**
 * The launches of a plane program on one device, in the order of {@code kernels-cuda/README.md}. Addresses are those of the first
 * image, pair or partial sum; everything goes to the stream that is named.
 */
final class PlaneLaunches {
    /** sizeof(ImagePair). */
    static final int PAIR_BYTES = 16;

    private static final int THREADS = 256;
    private static final int BLOCKS_PER_MULTIPROCESSOR = 8; // 2048 threads
    private static final int WARP = 32;
    private static final int FLATTEN_THREADS = 512;

    /** What a block of the general kernel may take, so that two of them fit a multiprocessor of 228 KB. */
    private static final int MOST_SHARED_BYTES = 96 << 10;

    /** Static shared memory of the general kernel, which counts against the device's bound. */
    private static final int STATIC_SHARED_BYTES = 4 << 10;

    private final CudaDevice device;
    private final PlaneKernels kernels;
    private final PlaneTables tables;

    PlaneLaunches(CudaDevice device, PlaneKernels kernels, PlaneTables tables) {
        this.device = device;
        this.kernels = kernels;
        this.tables = tables;
    }

    /** Memory of a launch of the general kernel: the pairs, and where planes meet, are added up and are worked on. */
    record Room(long arena, long partials, long scratch) {}

    /** One segment of {@code pairs} pairs on the general kernel. */
    void planes(
            CudaStream stream,
            PlaneTables.SegmentPlace segment,
            Precision type,
            long pairTable,
            int pairs,
            long imagesA,
            long imagesB,
            Room room) {
        SegmentTable table = segment.table();
        String kernel = "plane_program_" + type.word();
        long blocks = Math.ceilDiv((long) pairs * table.planes(), table.block()[2]);
        KernelArguments arguments = new KernelArguments()
                .addStruct(struct(table.header(tables.table(), pairs)))
                .add(segment.steps())
                .add(segment.displacements())
                .add(pairTable)
                .add(imagesA)
                .add(imagesB)
                .add(tables.weights())
                .add(room.arena())
                .add(room.partials())
                .add(inShared(table, type) ? 0L : room.scratch());
        kernels.launch(stream, kernel, shape(kernel, table, type, blocks), arguments);
    }

    /** Standard deviations of one segment into the records (double) of {@code images} images. */
    void factors(
            CudaStream stream, PlaneTables.SegmentPlace segment, int images, long arena, long records, long scratch) {
        SegmentTable table = segment.table();
        long blocks = Math.ceilDiv(images, table.block()[2]);
        KernelArguments arguments = new KernelArguments()
                .addStruct(struct(table.header(tables.table(), images)))
                .add(segment.steps())
                .add(arena)
                .add(records)
                .add(inShared(table, Precision.F64) ? 0L : scratch);
        kernels.launch(stream, "image_factors", shape("image_factors", table, Precision.F64, blocks), arguments);
    }

    /** All exchanges that leave a segment. */
    void exchanges(CudaStream stream, int segment, Precision type, int pairs, long arena) {
        for (PlaneTables.AxisPlace place : tables.axes()) {
            if (place.from() == segment) {
                ExchangeTable.Axis axis = place.axis();
                kernels.launch(
                        stream,
                        "plane_pool_" + type.word(),
                        strided(axis.outCount() * pairs),
                        new KernelArguments()
                                .addStruct(struct(axis.header(tables.table(), pairs)))
                                .add(place.table())
                                .add(arena));
            }
        }
    }

    /** One segment of {@code pairs} pairs on registers. */
    void run(
            CudaStream stream,
            PlaneTables.SegmentPlace segment,
            long pairTable,
            int pairs,
            long packedA,
            long packedB,
            long arena,
            long partials) {
        ReluRun run = segment.run().orElseThrow();
        PlaneSlots slots = segment.slots().orElseThrow();
        KernelArguments arguments = new KernelArguments()
                .addStruct(struct(run.header(tables.table(), 0, 0)))
                .add(packedA)
                .add(packedB)
                .add(segment.biases())
                .add(pairTable)
                .add(segment.slotTable())
                .add(arena)
                .add(partials);
        kernels.launch(
                stream,
                run.kernel(segment.table()),
                new LaunchShape(slots.blocks(), pairs, 1, slots.threads(), 1, 1, 0),
                arguments);
    }

    /** Plane (0,0) of all pairs of {@code a} and {@code b} images; sums go to [read][image a][image b]. */
    void flatten(CudaStream stream, int a, int b, long packedA, long packedB, long idsA, long idsB, long sums) {
        PlaneTables.SegmentPlace segment = tables.segments().getFirst();
        ReluRun run = segment.run().orElseThrow();
        int block = run.side() == 32 ? 4 : 8;
        int shared = 2 * 2 * block * run.side() * run.side() * Float.BYTES;
        KernelArguments arguments = new KernelArguments()
                .addStruct(struct(run.header(tables.table(), a, b)))
                .add(packedA)
                .add(packedB)
                .add(segment.biases())
                .add(idsA)
                .add(idsB)
                .add(sums);
        kernels.launch(
                stream,
                run.kernel(segment.table()),
                new LaunchShape(Math.ceilDiv(b, block), Math.ceilDiv(a, block), 1, FLATTEN_THREADS, 1, 1, shared),
                arguments);
    }

    /** Adds the parts of every read of a segment up. */
    void sums(CudaStream stream, PlaneTables.SegmentPlace segment, int pairs, long partials, long sums) {
        if (segment.reads() > 0) {
            kernels.launch(
                    stream,
                    "sum_planes",
                    new LaunchShape(pairs, segment.reads(), 1, WARP, 1, 1, 0),
                    new KernelArguments().add(partials).add(segment.parts()).add(sums));
        }
    }

    /** Records in float of records in double. */
    void round(CudaStream stream, long exact, int images, long rounded) {
        StepTable table = tables.table();
        kernels.launch(
                stream,
                "round_records",
                strided(table.recordStride() * images),
                new KernelArguments()
                        .add(exact)
                        .add(table.recordStride())
                        .add(table.pixelNumbers())
                        .add(images)
                        .add(rounded));
    }

    /** Images as a run reads them, of records in double. */
    void pack(CudaStream stream, PlaneTables.SegmentPlace segment, long exact, int images, long packed) {
        ReluRun run = segment.run().orElseThrow();
        int variants = tables.variants(segment);
        kernels.launch(
                stream,
                "pack_quads",
                strided(run.packedFloats(variants) / 4 * images),
                new KernelArguments()
                        .addStruct(struct(run.packHeader(tables.table(), images, variants)))
                        .add(segment.inverseRoots())
                        .add(exact)
                        .add(packed));
    }

    /** Bytes that the blocks of the general kernel need where its planes do not fit shared memory; 0 if all fit. */
    long scratchBytes(String kernel, Precision type) {
        long most = 0;
        for (PlaneTables.SegmentPlace segment : tables.segments()) {
            boolean general = type == Precision.F64 || segment.run().isEmpty();
            SegmentTable table = segment.table();
            if (general && !inShared(table, type)) {
                most = Math.max(most, residentBlocks(kernel, table, type) * table.blockBytes(type));
            }
        }
        return most;
    }

    private LaunchShape shape(String kernel, SegmentTable table, Precision type, long blocks) {
        int[] block = table.block();
        int grid = (int) Math.min(blocks, residentBlocks(kernel, table, type));
        return new LaunchShape(grid, 1, 1, block[0], block[1], block[2], sharedBytes(table, type));
    }

    private int residentBlocks(String kernel, SegmentTable table, Precision type) {
        int[] block = table.block();
        return kernels.residentBlocks(kernel, block[0] * block[1] * block[2], sharedBytes(table, type));
    }

    private int sharedBytes(SegmentTable table, Precision type) {
        return inShared(table, type) ? (int) table.blockBytes(type) : 0;
    }

    private boolean inShared(SegmentTable table, Precision type) {
        int most = Math.min(MOST_SHARED_BYTES, device.info().sharedBytesPerBlock() - STATIC_SHARED_BYTES);
        return table.blockBytes(type) <= most;
    }

    /** For kernels whose threads stride over everything. */
    private LaunchShape strided(long count) {
        long most = (long) device.info().multiprocessors() * BLOCKS_PER_MULTIPROCESSOR;
        return LaunchShape.of((int) Math.clamp(Math.ceilDiv(count, THREADS), 1, most), THREADS, 0);
    }

    private static MemorySegment struct(byte[] bytes) {
        return MemorySegment.ofArray(bytes);
    }
}

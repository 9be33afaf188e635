package cntk.backend.cuda;

import cntk.plan.Precision;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Brings images onto a device and computes their standard deviations there, a few images at a time: in double by the recursion of
 * each image with itself, then into the forms that the kernels read. Where planes meet, every image goes through all its planes.
 */
final class FactorWorkspace implements AutoCloseable {
    private static final int MOST_IMAGES = 256;
    private static final String GENERAL = "plane_program_f64";

    private final PlaneTables tables;
    private final PlaneLaunches launches;
    private final CudaStream stream;
    private final int images;
    private final CudaResources memory = new CudaResources();
    private final PinnedBuffer pixels;
    private final DeviceBuffer exact;
    private final DeviceBuffer selfPairs;
    private final PlaneLaunches.Room room;

    /** @param images at a time */
    FactorWorkspace(CudaDevice device, PlaneTables tables, PlaneLaunches launches, CudaStream stream, int images) {
        this.tables = tables;
        this.launches = launches;
        this.stream = stream;
        this.images = images;
        boolean opened = false;
        try {
            pixels = memory.add(device.pinned((long) images * tables.table().pixelNumbers() * Double.BYTES));
            exact = memory.add(device.allocate(images * exactBytes(tables)));
            selfPairs = memory.add(device.allocate((long) images * PlaneLaunches.PAIR_BYTES));
            room = new PlaneLaunches.Room(
                    allocate(device, images * tables.arenaBytes(Precision.F64)),
                    allocate(device, images * tables.selfPartialBytes()),
                    allocate(device, scratchBytes(launches)));
            writeSelfPairs(device);
            opened = true;
        } finally {
            if (!opened) {
                memory.close();
            }
        }
    }

    private static long exactBytes(PlaneTables tables) {
        return tables.table().recordStride() * Double.BYTES;
    }

    private static long scratchBytes(PlaneLaunches launches) {
        return Math.max(
                launches.scratchBytes(GENERAL, Precision.F64), launches.scratchBytes("image_factors", Precision.F64));
    }

    /** Images at a time that a share of the device's free memory allows, at least one. */
    static int images(PlaneTables tables, long bytes) {
        long each = exactBytes(tables)
                + tables.arenaBytes(Precision.F64)
                + tables.selfPartialBytes()
                + PlaneLaunches.PAIR_BYTES;
        return Math.clamp(bytes / each, 1, MOST_IMAGES);
    }

    /** Address of device memory, 0 for none. */
    private long allocate(CudaDevice device, long bytes) {
        return bytes == 0 ? 0 : memory.add(device.allocate(bytes)).address();
    }

    private void writeSelfPairs(CudaDevice device) {
        try (PinnedBuffer host = device.pinned(selfPairs.bytes())) {
            for (int image = 0; image < images; image++) {
                BatchLane.writePair(host.segment(), image, image, image, true);
            }
            selfPairs.copyFrom(host.segment(), 0, stream);
            stream.synchronize();
        }
    }

    /** Computes images {@code begin..end} of a set into its slots from {@code slot} on, and waits. */
    void load(DeviceImages target, int begin, int end, int slot) {
        for (int first = begin; first < end; first += images) {
            int count = Math.min(images, end - first);
            int to = slot + first - begin;
            long records = tables.precision() == Precision.F64 ? target.record(to) : exact.address();
            upload(target.source(), first, count, target, to);
            factors(records, count);
            if (tables.precision() == Precision.F32 && tables.readsRecords()) {
                launches.round(stream, records, count, target.record(to));
            }
            for (int segment = 0; segment < tables.segments().size(); segment++) {
                PlaneTables.SegmentPlace place = tables.segments().get(segment);
                if (place.run().isPresent()) {
                    launches.pack(stream, place, records, count, target.packed(segment, to));
                }
            }
            stream.synchronize(); // the pixels' memory is written anew
        }
    }

    /** Pixels, times 2^inputExponent, to the start of every record. */
    private void upload(SourceImages source, int first, int count, DeviceImages target, int slot) {
        int numbers = tables.table().pixelNumbers();
        double scale = Math.scalb(1.0, tables.program().inputExponent());
        double[] values = new double[numbers];
        MemorySegment host = pixels.segment();
        for (int image = 0; image < count; image++) {
            source.images().read(first + image, values);
            long at = (long) image * numbers;
            for (int number = 0; number < numbers; number++) {
                host.setAtIndex(ValueLayout.JAVA_DOUBLE, at + number, scale * values[number]);
            }
            MemorySegment own = host.asSlice(at * Double.BYTES, (long) numbers * Double.BYTES);
            if (tables.precision() == Precision.F64) {
                target.copyRecord(own, slot + image, stream);
            } else {
                exact.copyFrom(own, image * exactBytes(tables), stream);
            }
        }
    }

    private void factors(long records, int count) {
        int segments = tables.segments().size();
        for (int index = 0; index < segments; index++) {
            PlaneTables.SegmentPlace segment = tables.segments().get(index);
            launches.factors(stream, segment, count, room.arena(), records, room.scratch());
            if (index < segments - 1) {
                launches.planes(stream, segment, Precision.F64, selfPairs.address(), count, records, records, room);
                launches.exchanges(stream, index, Precision.F64, count, room.arena());
            }
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}

package cntk.backend.cuda;

import cntk.plan.Precision;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Images of one set on a device, as the kernels of a program read them: all of them, each computed when first asked for, or blocks
 * of them that make room for each other.
 */
final class DeviceImages implements AutoCloseable {
    private final SourceImages source;
    private final PlaneTables tables;
    private final int block;
    private final int[] placeOfBlock; // -1: not on the device
    private final int[] blockAtPlace;
    private final long[] usedAt; // by place
    private final CudaResources memory = new CudaResources();
    private final @Nullable DeviceBuffer records;
    private final @Nullable DeviceBuffer[] packed; // by segment
    private long uses;

    /**
     * Allocates the room.
     *
     * @param block images that are loaded together
     * @param places blocks that fit
     */
    DeviceImages(CudaDevice device, PlaneTables tables, SourceImages source, int block, int places) {
        this.source = source;
        this.tables = tables;
        this.block = block;
        this.placeOfBlock = new int[blocks(source, block)];
        this.blockAtPlace = new int[Math.min(places, placeOfBlock.length)];
        this.usedAt = new long[blockAtPlace.length];
        Arrays.fill(placeOfBlock, -1);
        Arrays.fill(blockAtPlace, -1);
        List<PlaneTables.SegmentPlace> segments = tables.segments();
        this.packed = new DeviceBuffer[segments.size()];
        long slots = Math.min((long) blockAtPlace.length * block, source.count());
        boolean opened = false;
        try {
            records = tables.readsRecords() ? memory.add(device.allocate(slots * tables.recordBytes())) : null;
            for (int index = 0; index < packed.length; index++) {
                PlaneTables.SegmentPlace segment = segments.get(index);
                if (segment.run().isPresent()) {
                    packed[index] = memory.add(device.allocate(slots * tables.packedBytes(segment)));
                }
            }
            opened = true;
        } finally {
            if (!opened) {
                memory.close();
            }
        }
    }

    /** Blocks of a set. */
    static int blocks(SourceImages source, int block) {
        return Math.ceilDiv(source.count(), block);
    }

    SourceImages source() {
        return source;
    }

    private boolean whole() {
        return blockAtPlace.length == placeOfBlock.length;
    }

    /** The end of the images from {@code begin} on, at most {@code end}, that can be on the device together, one after the other. */
    int spanEnd(int begin, int end) {
        return whole() ? end : Math.min(end, (begin / block + 1) * block);
    }

    /** Whether images {@code begin..end}, which lie in one span, are on the device; they count as used. */
    boolean has(int begin, int end) {
        boolean all = true;
        for (int index = begin / block; index <= (end - 1) / block; index++) {
            int place = placeOfBlock[index];
            all &= place >= 0;
            if (place >= 0) {
                usedAt[place] = ++uses;
            }
        }
        return all;
    }

    /** Loads what is missing of a span; no launch may still read what has to go. */
    void load(int begin, int end, FactorWorkspace workspace) {
        int last = (end - 1) / block;
        int first = begin / block;
        while (first <= last) {
            int count = 0;
            while (first + count <= last && placeOfBlock[first + count] < 0) {
                count++;
            }
            if (count > 0) {
                load(first, count, whole() ? first : leastRecentlyUsed(), workspace);
            }
            first += Math.max(1, count);
        }
    }

    /** Blocks that are not on the device, to as many places in a row: one where blocks make room for each other. */
    private void load(int firstBlock, int count, int place, FactorWorkspace workspace) {
        for (int k = 0; k < count; k++) {
            if (blockAtPlace[place + k] >= 0) {
                placeOfBlock[blockAtPlace[place + k]] = -1;
                blockAtPlace[place + k] = -1;
            }
        }
        int end = Math.min(source.count(), (firstBlock + count) * block);
        workspace.load(this, firstBlock * block, end, place * block);
        for (int k = 0; k < count; k++) {
            blockAtPlace[place + k] = firstBlock + k;
            placeOfBlock[firstBlock + k] = place + k;
            usedAt[place + k] = ++uses;
        }
    }

    private int leastRecentlyUsed() {
        int least = 0;
        for (int place = 1; place < usedAt.length; place++) {
            least = usedAt[place] < usedAt[least] ? place : least;
        }
        return least;
    }

    /** Where an image stands that is on the device. */
    int slot(int image) {
        return placeOfBlock[image / block] * block + image % block;
    }

    /** Address of the record at a slot; in float for F32. */
    long record(int slot) {
        return records == null ? 0 : records.address() + slot * tables.recordBytes();
    }

    /** Starts copying numbers to the start of the record at a slot, in double. */
    void copyRecord(MemorySegment numbers, int slot, CudaStream stream) {
        if (records == null || tables.precision() != Precision.F64) {
            throw new IllegalStateException("these records are not in double");
        }
        records.copyFrom(numbers, slot * tables.recordBytes(), stream);
    }

    /** Address of the image at a slot as the run of a segment reads it. */
    long packed(int segment, int slot) {
        DeviceBuffer buffer = packed[segment];
        if (buffer == null) {
            throw new IllegalStateException("segment " + segment + " is no run");
        }
        return buffer.address() + slot * tables.packedBytes(tables.segments().get(segment));
    }

    @Override
    public void close() {
        memory.close();
    }
}

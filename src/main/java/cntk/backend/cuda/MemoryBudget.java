package cntk.backend.cuda;

/**
 * How many pairs of images one batch may hold: pure arithmetic, so that it can be tested without a device.
 *
 * @param freeBytes what the device has left
 * @param reserveBytes what stays free: launches need some, and the driver rounds every allocation up
 * @param fixedBytes what does not depend on the batch: images, factors, tables
 * @param bytesPerPair of one buffer set: arena, partial sums, results
 * @param buffers sets in use at a time: 2 where one batch is copied while the next is computed
 */
public record MemoryBudget(long freeBytes, long reserveBytes, long fixedBytes, long bytesPerPair, int buffers) {

    /** Of a device's memory, for the driver and for rounding. */
    private static final double RESERVED_SHARE = 0.05;

    public MemoryBudget {
        if (freeBytes < 0 || reserveBytes < 0 || fixedBytes < 0 || bytesPerPair < 1 || buffers < 1) {
            throw new IllegalArgumentException("free %d, reserve %d, fixed %d, per pair %d bytes, %d buffers"
                    .formatted(freeBytes, reserveBytes, fixedBytes, bytesPerPair, buffers));
        }
    }

    /** With the usual reserve. */
    public static MemoryBudget of(long freeBytes, long fixedBytes, long bytesPerPair, int buffers) {
        return new MemoryBudget(freeBytes, (long) (freeBytes * RESERVED_SHARE), fixedBytes, bytesPerPair, buffers);
    }

    /** Pairs of a batch: as many as asked for, or as fit; 0 if not even one does. */
    public long pairs(long wanted) {
        long left = freeBytes - reserveBytes - fixedBytes;
        if (left <= 0) {
            return 0;
        }
        return Math.min(wanted, left / bytesPerPair / buffers);
    }

    /** Bytes that a batch of this size takes altogether. */
    public long bytes(long pairs) {
        return Math.addExact(fixedBytes, Math.multiplyExact(Math.multiplyExact(bytesPerPair, pairs), (long) buffers));
    }
}

package cntk.backend.cuda;

import cntk.plan.Precision;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.stream.IntStream;

/**
 * A segment as {@code plane_program} reads it.
 *
 * @param rows row displacements that are computed, ascending; the first is 0
 * @param cols column displacements that are computed, ascending; the first is 0
 * @param saved states set aside at a time
 * @param firstReadout number of its first readout in the program; the others follow
 * @param readouts number of readouts of this segment
 * @param steps {@code struct PlaneStep}, little-endian, one after the other
 */
record SegmentTable(
        int height, int width, int[] rows, int[] cols, int saved, int firstReadout, int readouts, byte[] steps) {
    /** sizeof(PlaneSegment). */
    static final int HEADER_BYTES = 48;

    private static final int MOST_THREADS = 256;
    private static final int MOST_DEEP = 64; // blockDim.z of any device

    int planes() {
        return rows.length * cols.length;
    }

    /** Row displacements, then column displacements. */
    int[] displacements() {
        return IntStream.concat(IntStream.of(rows), IntStream.of(cols)).toArray();
    }

    /** {@code struct PlaneSegment} of a launch for {@code pairs} pairs (or images, for the kernel image_factors). */
    byte[] header(StepTable table, int pairs) {
        return ByteBuffer.allocate(HEADER_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(height)
                .putInt(width)
                .putInt(rows.length)
                .putInt(cols.length)
                .putInt(steps.length / StepEncoder.STEP_BYTES)
                .putInt(saved)
                .putInt(readouts)
                .putInt(pairs)
                .putLong(table.recordStride())
                .putLong(table.arenaStride())
                .array();
    }

    /** Threads of a block: columns, rows at a time, planes at a time. Sums, hence bits, depend on the first two. */
    int[] block() {
        int rowsAtATime = Math.clamp(MOST_THREADS / width, 1, height);
        int planesAtATime = Math.clamp(MOST_THREADS / (width * rowsAtATime), 1, MOST_DEEP);
        return new int[] {width, rowsAtATime, planesAtATime};
    }

    /** Bytes of shared memory, or of scratch, that a block works in. */
    long blockBytes(Precision precision) {
        return (long) block()[2] * (2 + saved) * height * width * 2 * precision.bytes();
    }
}

package cntk.backend.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Which warp of which block computes which plane: {@code struct PlaneSlot}, little-endian. The planes of a block have one row
 * displacement and one parity of the column displacement; what is left over of a block repeats its first plane and counts for
 * nothing.
 *
 * @param blocks of a pair
 * @param threads of a block
 * @param slots [block][slot]
 */
record PlaneSlots(int blocks, int threads, byte[] slots) {
    /** sizeof(PlaneSlot). */
    static final int SLOT_BYTES = 8;

    private static final int WARP = 32;

    static PlaneSlots of(ReluRun run, SegmentTable segment) {
        int warps = run.side() == 32 ? (run.exchanges() ? 4 : 8) : run.side() == 16 ? 2 : 1;
        int slots = warps * (run.side() == 32 ? 1 : 4);
        int[][] cols = {ofParity(segment.cols(), 0), ofParity(segment.cols(), 1)};
        int blocks =
                segment.rows().length * (Math.ceilDiv(cols[0].length, slots) + Math.ceilDiv(cols[1].length, slots));
        ByteBuffer out = ByteBuffer.allocate(blocks * slots * SLOT_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int[] ranks : cols) { // blocks that run the same code are neighbours
            for (int row = 0; row < segment.rows().length; row++) {
                for (int first = 0; first < ranks.length; first += slots) {
                    for (int slot = first; slot < first + slots; slot++) {
                        int col = ranks[slot < ranks.length ? slot : first];
                        out.putShort((short) segment.rows()[row]);
                        out.putShort((short) segment.cols()[col]);
                        out.putInt(slot < ranks.length ? row * segment.cols().length + col : -1);
                    }
                }
            }
        }
        return new PlaneSlots(blocks, WARP * warps, out.array());
    }

    /** Places of the displacements of a parity. */
    private static int[] ofParity(int[] displacements, int parity) {
        int[] places = new int[displacements.length];
        int count = 0;
        for (int place = 0; place < places.length; place++) {
            if (displacements[place] % 2 == parity) {
                places[count++] = place;
            }
        }
        return Arrays.copyOf(places, count);
    }
}

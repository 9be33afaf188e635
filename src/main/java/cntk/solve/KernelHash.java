package cntk.solve;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 of the places and bits of a kernel matrix, in the order in which its source writes them. */
final class KernelHash {
    private static final int PLACE_BYTES = 3 * Integer.BYTES;

    private final MessageDigest digest;
    private ByteBuffer buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);

    private KernelHash(MessageDigest digest) {
        this.digest = digest;
    }

    static byte[] of(KernelSource kernel) {
        KernelHash hash = start();
        kernel.writeTo(hash::put);
        return hash.digest.digest();
    }

    /** A hash of nothing yet, for those who read the kernel anyway. */
    static KernelHash start() {
        try {
            return new KernelHash(MessageDigest.getInstance("SHA-256"));
        } catch (NoSuchAlgorithmException e) { // every Java platform has it
            throw new IllegalStateException(e);
        }
    }

    /** Ends the hash: in hexadecimal digits what {@link #of} gives for the same kernel. */
    String hex() {
        return HexFormat.of().formatHex(digest.digest());
    }

    /** As {@link LowerTriangleSink#put}, in the order of the source. */
    void put(int col, int row, double[] values, int from, int count) {
        int bytes = PLACE_BYTES + count * Double.BYTES;
        if (buffer.capacity() < bytes) {
            buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        }
        buffer.clear();
        buffer.putInt(col).putInt(row).putInt(count);
        buffer.asDoubleBuffer().put(values, from, count);
        digest.update(buffer.array(), 0, bytes);
    }
}

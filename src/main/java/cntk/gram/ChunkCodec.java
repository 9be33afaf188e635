package cntk.gram;

import cntk.plan.Precision;
import cntk.plan.Tile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A tile as the bytes of a Zarr v3 chunk, codecs {@code bytes} (little endian) and {@code crc32c}:
 *
 * <pre>
 *   side x side numbers, row-major; places outside the matrix hold NaN (a chunk has its full size at the edges too)
 *   4 bytes      CRC-32C of the above, little endian
 * </pre>
 */
final class ChunkCodec {
    private final int side;
    private final Precision precision;

    ChunkCodec(int side, Precision precision) {
        this.side = side;
        this.precision = precision;
    }

    /** Bytes of every chunk. */
    int chunkBytes() {
        return Math.addExact(payloadBytes(), Integer.BYTES);
    }

    void encode(Tile tile, double[] values, byte[] chunk) {
        ByteBuffer buffer = ByteBuffer.wrap(chunk).order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < side; row++) {
            for (int col = 0; col < side; col++) {
                boolean inside = row < tile.rows() && col < tile.cols();
                double value = inside ? values[row * tile.cols() + col] : Double.NaN;
                if (precision == Precision.F32) {
                    buffer.putFloat((float) value);
                } else {
                    buffer.putDouble(value);
                }
            }
        }
        buffer.putInt(checksum(chunk));
    }

    /** Why {@code length} bytes are not a chunk that {@link #encode} made, or null if they are. */
    @Nullable
    String damage(byte[] chunk, long length) {
        if (length != chunkBytes()) {
            return length + " bytes instead of " + chunkBytes();
        }
        int stored = ByteBuffer.wrap(chunk).order(ByteOrder.LITTLE_ENDIAN).getInt(payloadBytes());
        int computed = checksum(chunk);
        return stored == computed ? null : "checksum %08x instead of %08x".formatted(computed, stored);
    }

    void decode(byte[] chunk, Tile tile, double[] out) {
        ByteBuffer buffer = ByteBuffer.wrap(chunk).order(ByteOrder.LITTLE_ENDIAN);
        int entryBytes = precision.bytes();
        for (int row = 0; row < tile.rows(); row++) {
            int from = row * side * entryBytes;
            int to = row * tile.cols();
            for (int col = 0; col < tile.cols(); col++) {
                int place = from + col * entryBytes;
                out[to + col] = precision == Precision.F32 ? buffer.getFloat(place) : buffer.getDouble(place);
            }
        }
    }

    private int payloadBytes() {
        return Math.multiplyExact(Math.multiplyExact(side, side), precision.bytes());
    }

    private int checksum(byte[] chunk) {
        CRC32C crc = new CRC32C();
        crc.update(chunk, 0, payloadBytes());
        return (int) crc.getValue();
    }
}

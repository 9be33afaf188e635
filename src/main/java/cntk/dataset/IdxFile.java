package cntk.dataset;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * An idx file of unsigned bytes: magic number 0 0 8 and the number of axes, the length of each axis (big-endian, 32 bits),
 * then the bytes. Compressed by gzip or not; that is seen in the content, not in the name.
 *
 * @param sizes length of each axis, the first being the number of images or labels
 * @param md5 of the uncompressed file
 */
record IdxFile(Path file, List<Integer> sizes, byte[] data, String md5) {
    private static final int UNSIGNED_BYTES = 0x0800;
    private static final int IMAGE_AXES = 3;
    private static final int LABEL_AXES = 1;
    private static final int MAX_BYTES = Integer.MAX_VALUE - 8;

    /** A file of three axes: images, rows, columns. */
    static IdxFile images(Path file) {
        return read(file, IMAGE_AXES);
    }

    /** A file of one axis. */
    static IdxFile labels(Path file) {
        return read(file, LABEL_AXES);
    }

    int count() {
        return sizes.getFirst();
    }

    /** Where the data begin in the uncompressed file. */
    int dataOffset() {
        return headerBytes(sizes.size());
    }

    private static int headerBytes(int axes) {
        return Integer.BYTES * (1 + axes);
    }

    private static IdxFile read(Path file, int axes) {
        byte[] stored = FileBytes.of(file);
        boolean compressed = stored.length > 1 && (stored[0] & 0xff) == 0x1f && (stored[1] & 0xff) == 0x8b;
        try (InputStream plain = new ByteArrayInputStream(stored);
                InputStream content = compressed ? new GZIPInputStream(plain, 1 << 16) : plain;
                DigestInputStream digested = new DigestInputStream(content, Sha256.digest("MD5"))) {
            List<Integer> sizes = header(file, digested.readNBytes(headerBytes(axes)), axes);
            int expected = dataBytes(file, sizes);
            byte[] data = digested.readNBytes(expected);
            if (data.length < expected || digested.read() >= 0) {
                throw new InputException(file + " has " + (data.length < expected ? "only " + data.length : "more than")
                        + " " + (data.length < expected ? "" : expected + " ") + "bytes of data from byte offset "
                        + headerBytes(axes) + " on, expected " + expected + " for " + words(sizes));
            }
            String md5 = HexFormat.of().formatHex(digested.getMessageDigest().digest());
            return new IdxFile(file, sizes, data, md5);
        } catch (IOException e) {
            throw new InputException(
                    file + " is damaged: " + (compressed ? "gzip data: " : "") + Failures.reason(e), e);
        }
    }

    private static List<Integer> header(Path file, byte[] header, int axes) {
        if (header.length < headerBytes(axes)) {
            throw new InputException(file + " has " + header.length + " bytes, expected at least the "
                    + headerBytes(axes) + " of an idx header");
        }
        ByteBuffer fields = ByteBuffer.wrap(header);
        int magic = fields.getInt();
        int expected = UNSIGNED_BYTES + axes;
        if (magic != expected) {
            throw new InputException(String.format(
                    "%s begins with 0x%08x, expected 0x%08x: an idx file of unsigned bytes with %d %s",
                    file, magic, expected, axes, axes == 1 ? "axis" : "axes"));
        }
        List<Integer> sizes = new ArrayList<>();
        for (int axis = 0; axis < axes; axis++) {
            sizes.add(fields.getInt());
        }
        return List.copyOf(sizes);
    }

    private static int dataBytes(Path file, List<Integer> sizes) {
        long bytes = 1;
        for (int size : sizes) {
            if (size < 1 || bytes * size > MAX_BYTES) {
                throw new InputException(file + " says that it holds " + words(sizes)
                        + " bytes, expected axes of 1 and more and less than 2 GiB");
            }
            bytes *= size;
        }
        return (int) bytes;
    }

    private static String words(List<Integer> sizes) {
        return String.join(
                " x ",
                sizes.stream().map(size -> Integer.toUnsignedString(size)).toList());
    }
}

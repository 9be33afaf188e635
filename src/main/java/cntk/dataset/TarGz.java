package cntk.dataset;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.zip.GZIPInputStream;

/** As much of the tar format (POSIX ustar in gzip) as it takes to get plain files out of an archive. */
final class TarGz {
    private static final int BLOCK = 512;
    private static final int NAME_LENGTH = 100;
    private static final int SIZE_OFFSET = 124;
    private static final int SIZE_LENGTH = 12;
    private static final int CHECKSUM_OFFSET = 148;
    private static final int CHECKSUM_LENGTH = 8;
    private static final int TYPE_OFFSET = 156;

    private TarGz() {}

    /**
     * Writes the plain files whose last name is in {@code wanted} into {@code directory}, whatever folder of the archive
     * they stand in; leaves everything else out.
     */
    static void extract(Path archive, Set<String> wanted, Path directory) throws IOException {
        try (InputStream tar = new GZIPInputStream(Files.newInputStream(archive), 1 << 16)) {
            byte[] header = new byte[BLOCK];
            while (readHeader(tar, header)) {
                String path = text(header, 0, NAME_LENGTH);
                String name = path.substring(path.lastIndexOf('/') + 1);
                long size = octal(header, SIZE_OFFSET, SIZE_LENGTH);
                boolean plain = header[TYPE_OFFSET] == '0' || header[TYPE_OFFSET] == 0;
                if (plain && wanted.contains(name)) {
                    copy(tar, size, directory.resolve(name));
                } else {
                    tar.skipNBytes(size);
                }
                tar.skipNBytes(Math.floorMod(-size, BLOCK));
            }
        } catch (EOFException e) {
            throw new IOException("the archive " + archive.getFileName() + " is cut short", e);
        }
    }

    /** False at the end of the archive: a block of zeros, or no further block. */
    private static boolean readHeader(InputStream tar, byte[] header) throws IOException {
        int read = tar.readNBytes(header, 0, BLOCK);
        if (read == 0) {
            return false;
        }
        if (read < BLOCK) {
            throw new EOFException();
        }
        long sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            boolean inChecksum = i >= CHECKSUM_OFFSET && i < CHECKSUM_OFFSET + CHECKSUM_LENGTH;
            sum += inChecksum ? ' ' : header[i] & 0xff;
        }
        if (sum == (long) CHECKSUM_LENGTH * ' ') {
            return false;
        }
        if (sum != octal(header, CHECKSUM_OFFSET, CHECKSUM_LENGTH)) {
            throw new IOException("the archive has a damaged tar header");
        }
        return true;
    }

    private static void copy(InputStream tar, long size, Path file) throws IOException {
        byte[] buffer = new byte[1 << 16];
        try (var out = Files.newOutputStream(file)) {
            for (long left = size; left > 0; ) {
                int read = tar.read(buffer, 0, (int) Math.min(buffer.length, left));
                if (read < 0) {
                    throw new EOFException();
                }
                out.write(buffer, 0, read);
                left -= read;
            }
        }
    }

    private static String text(byte[] header, int offset, int length) {
        int end = offset;
        while (end < offset + length && header[end] != 0) {
            end++;
        }
        return new String(header, offset, end - offset, StandardCharsets.UTF_8);
    }

    private static long octal(byte[] header, int offset, int length) throws IOException {
        String digits = text(header, offset, length).trim();
        try {
            return Long.parseLong(digits, 8);
        } catch (NumberFormatException e) {
            throw new IOException("the archive has '" + digits + "' where a tar header has an octal number", e);
        }
    }
}

package cntk.dataset;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/** Writes small idx files: images of 3 rows and 5 columns, labels 0, 1, ..., 9, 0, ... */
final class IdxFiles {
    static final int TRAIN = 12;
    static final int TEST = 4;
    static final int ROWS = 3;
    static final int COLUMNS = 5;
    static final int IMAGES_MAGIC = 0x803;
    static final int LABELS_MAGIC = 0x801;

    private IdxFiles() {}

    /** The four files under their usual names. */
    static void write(Path directory) throws IOException {
        Files.write(directory.resolve("train-images-idx3-ubyte"), images(TRAIN, 1));
        Files.write(directory.resolve("train-labels-idx1-ubyte"), labels(TRAIN));
        Files.write(directory.resolve("t10k-images-idx3-ubyte"), images(TEST, 2));
        Files.write(directory.resolve("t10k-labels-idx1-ubyte"), labels(TEST));
    }

    static byte[] images(int count, long seed) {
        byte[] pixels = new byte[count * ROWS * COLUMNS];
        new Random(seed).nextBytes(pixels);
        return file(pixels, IMAGES_MAGIC, count, ROWS, COLUMNS);
    }

    static byte[] labels(int count) {
        byte[] labels = new byte[count];
        for (int index = 0; index < count; index++) {
            labels[index] = (byte) (index % 10);
        }
        return file(labels, LABELS_MAGIC, count);
    }

    static byte[] file(byte[] data, int... header) {
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * header.length + data.length);
        for (int field : header) {
            bytes.putInt(field);
        }
        return bytes.put(data).array();
    }

    static byte[] gzip(byte[] content) throws IOException {
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (GZIPOutputStream stream = new GZIPOutputStream(compressed)) {
            stream.write(content);
        }
        return compressed.toByteArray();
    }
}

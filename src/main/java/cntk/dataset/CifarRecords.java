package cntk.dataset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The records of the CIFAR binary files: one byte for each kind of label, then 3072 pixel bytes, the red, green and blue
 * planes of 32 x 32, row by row. Images are labelled by the last kind.
 *
 * @param labels every kind of label, in the order of its bytes
 * @param classNames of the last kind
 */
record CifarRecords(List<Label> labels, List<String> classNames) {
    static final ImageShape SHAPE = new ImageShape(3, 32, 32);

    /** A kind of label with the values 0..classes-1; {@code word} is its name in messages. */
    record Label(String word, int classes) {}

    /** Bytes of one record. */
    int bytes() {
        return labels.size() + SHAPE.values();
    }

    /** The records of some files one after the other; {@code files} maps a name for messages to the content. */
    ByteImages parse(String name, Map<String, byte[]> files) {
        int count = 0;
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            checkWholeRecords(file.getKey(), file.getValue().length);
            count += file.getValue().length / bytes();
        }
        byte[] pixels = new byte[Math.multiplyExact(count, SHAPE.values())];
        int[] images = new int[count];
        int image = 0;
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            byte[] content = file.getValue();
            for (int offset = 0; offset < content.length; offset += bytes(), image++) {
                images[image] = label(file.getKey(), content, offset);
                System.arraycopy(content, offset + labels.size(), pixels, image * SHAPE.values(), SHAPE.values());
            }
        }
        return new ByteImages(name, SHAPE, pixels, new Labels(images, classNames));
    }

    /** Checks every label byte of the record at that offset; the last is the one that counts. */
    private int label(String file, byte[] content, int offset) {
        int value = 0;
        for (int kind = 0; kind < labels.size(); kind++) {
            Label label = labels.get(kind);
            value = content[offset + kind] & 0xff;
            if (value >= label.classes()) {
                throw new InputException(file + " has " + label.word() + " " + value + " in record " + offset / bytes()
                        + " (byte offset " + (offset + kind) + "), expected 0.." + (label.classes() - 1));
            }
        }
        return value;
    }

    private void checkWholeRecords(String file, int length) {
        if (length == 0 || length % bytes() != 0) {
            throw new InputException(file + " has " + length + " bytes, expected a whole number of records of "
                    + bytes() + " bytes: record " + length / bytes() + " at byte offset " + length / bytes() * bytes()
                    + " is cut short");
        }
    }

    /**
     * Refuses a file that is missing or has another number of records, before it is read.
     *
     * @param expectedFiles for the message
     * @param hint empty, or a line break and a hint
     */
    void checkSize(Path file, int records, String expectedFiles, String hint) {
        if (!Files.isRegularFile(file)) {
            throw new InputException(file + (Files.exists(file) ? " is not a file" : " is missing") + ", expected "
                    + expectedFiles + hint);
        }
        long size;
        try {
            size = Files.size(file);
        } catch (IOException e) {
            throw new InputException(file + " cannot be read: " + Failures.reason(e), e);
        }
        long expected = (long) records * bytes();
        if (size != expected) {
            long cut = size / bytes();
            throw new InputException(file + " has " + size + " bytes, expected " + expected + " (" + records
                    + " records of " + bytes() + " bytes)"
                    + (size < expected ? ": it ends in record " + cut + " at byte offset " + cut * bytes() : "")
                    + hint);
        }
    }
}

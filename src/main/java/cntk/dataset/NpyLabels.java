package cntk.dataset;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** Class labels in {@code .npy} files: one axis of integers, 0..classes-1. */
public final class NpyLabels {
    private static final int MAX_CLASSES = 1_000_000;
    private static final String WRITTEN = "<i8";

    private NpyLabels() {}

    /**
     * Reads the labels; the classes are named by their numbers.
     *
     * @param classes empty for one more than the largest label
     * @throws InputException if the file is missing, cut short, too long, not one axis of integers, or has a label outside
     *     the classes, of which the first is named
     */
    public static Labels read(Path file, OptionalInt classes) {
        long[] values = integers(file);
        int count = classes.isPresent() ? classes.getAsInt() : classesOf(file, values);
        int[] labels = new int[values.length];
        for (int index = 0; index < values.length; index++) {
            if (values[index] < 0 || values[index] >= count) {
                throw new InputException(file + " has label " + values[index] + " at index " + index + ", expected 0.."
                        + (count - 1) + "\nhint: --classes N says how many classes there are");
            }
            labels[index] = (int) values[index];
        }
        return new Labels(
                labels, IntStream.range(0, count).mapToObj(Integer::toString).toList());
    }

    /** Writes the labels as 64-bit integers. */
    public static void write(Path file, Labels labels) {
        byte[] header = NpyHeader.bytes(WRITTEN, List.of((long) labels.count()));
        ByteBuffer numbers = ByteBuffer.allocate(labels.count() * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int image = 0; image < labels.count(); image++) {
            numbers.putLong(labels.of(image));
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(header);
        bytes.writeBytes(numbers.array());
        try {
            Files.write(file, bytes.toByteArray());
        } catch (IOException e) {
            throw new InputException("cannot write " + file + ": " + Failures.reason(e), e);
        }
    }

    private static int classesOf(Path file, long[] values) {
        long largest = 0;
        for (int index = 0; index < values.length; index++) {
            if (values[index] >= MAX_CLASSES) {
                throw new InputException(file + " has label " + values[index] + " at index " + index
                        + ", expected less than " + MAX_CLASSES);
            }
            largest = Math.max(largest, values[index]);
        }
        return (int) largest + 1;
    }

    private static long[] integers(Path file) {
        if (Files.isDirectory(file)) {
            throw new InputException(file + " is a directory, expected a .npy file");
        }
        try (InputStream stream = new BufferedInputStream(Files.newInputStream(file))) {
            NpyHeader.Fields fields = NpyHeader.fields(stream, file.toString());
            List<Long> shape = NpyHeader.shape(fields, file.toString());
            String descr = NpyHeader.field(fields, "descr", file.toString()).replaceAll("['\"]", "");
            if (shape.size() != 1 || shape.getFirst() == 0) {
                throw new InputException(
                        file + " has shape " + NpyHeader.words(shape) + ", expected one label per image: (n,)");
            }
            int width = width(file, descr);
            byte[] bytes = stream.readAllBytes();
            if (bytes.length != shape.getFirst() * width) {
                throw new InputException(file + " has " + bytes.length + " bytes of data, expected "
                        + shape.getFirst() * width + " for shape " + NpyHeader.words(shape) + " of " + descr);
            }
            return numbers(bytes, width, descr.charAt(1) == 'u');
        } catch (IOException e) {
            throw new InputException(file + " cannot be read: " + Failures.reason(e), e);
        }
    }

    private static int width(Path file, String descr) {
        return switch (descr) {
            case "|i1", "|u1" -> Byte.BYTES;
            case "<i2", "<u2" -> Short.BYTES;
            case "<i4", "<u4" -> Integer.BYTES;
            case "<i8", "<u8" -> Long.BYTES;
            default ->
                throw new InputException(file + " has descr '" + descr + "', expected integers, little-endian\n"
                        + "hint: numpy.save(file, labels.astype('<i8')); --targets takes the values of a regression");
        };
    }

    private static long[] numbers(byte[] bytes, int width, boolean unsigned) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long[] values = new long[bytes.length / width];
        for (int index = 0; index < values.length; index++) {
            values[index] = switch (width) {
                case Byte.BYTES -> unsigned ? Byte.toUnsignedLong(buffer.get()) : buffer.get();
                case Short.BYTES -> unsigned ? Short.toUnsignedLong(buffer.getShort()) : buffer.getShort();
                case Integer.BYTES -> unsigned ? Integer.toUnsignedLong(buffer.getInt()) : buffer.getInt();
                default -> buffer.getLong();
            };
        }
        return values;
    }
}

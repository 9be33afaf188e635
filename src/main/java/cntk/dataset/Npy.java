package cntk.dataset;

import java.nio.file.Path;
import java.util.List;

/** NumPy {@code .npy} files: float32 or float64, little-endian, C order. {@link NpyWriter} writes them. */
public final class Npy {
    private static final int VECTORS = 2;
    private static final int IMAGES = 4;

    private Npy() {}

    /**
     * Numbers of a file with one or two axes.
     *
     * @param rows length of the first axis; 1 for a file with one axis
     * @param values row-major, rows x columns
     */
    public record Matrix(int rows, int columns, NpyType type, double[][] values) {}

    /**
     * Images of a file of shape [N,C,H,W], or [N,D], which is taken for D channels of one pixel. Values are used as
     * they are, held in memory in the type of the file; there are no labels.
     *
     * @throws InputException if the file is missing, cut short or too long, not of that type, order or shape, or holds a
     *     number that is NaN or infinite
     */
    public static ImageSet readImages(Path file) {
        try (NpyReader reader = NpyReader.open(file)) {
            List<Long> shape = reader.shape();
            if (shape.size() != VECTORS && shape.size() != IMAGES) {
                throw new InputException(
                        file + " has shape " + NpyHeader.words(shape) + ", expected [N, C, H, W] or [N, D]");
            }
            checkAxes(file, shape);
            int channels = shape.get(1).intValue();
            ImageShape image = shape.size() == VECTORS
                    ? new ImageShape(channels, 1, 1)
                    : new ImageShape(
                            channels, shape.get(2).intValue(), shape.get(3).intValue());
            return readImages(file, reader, image);
        }
    }

    private static ImageSet readImages(Path file, NpyReader reader, ImageShape image) {
        int count = reader.shape().getFirst().intValue();
        Sha256 hash = new Sha256().text("values " + reader.type().descr() + " " + count + "x" + image + "\n");
        byte[] row = new byte[rowBytes(file, reader.shape(), reader.type())];
        float[][] floats = new float[reader.type() == NpyType.F32 ? count : 0][];
        double[][] doubles = new double[reader.type() == NpyType.F64 ? count : 0][];
        ImageSet.Pixels pixels = reader.type() == NpyType.F32
                ? (index, out) -> widen(floats[index], out)
                : (index, out) -> System.arraycopy(doubles[index], 0, out, 0, doubles[index].length);
        double[] values = new double[image.values()];
        for (int index = 0; index < count; index++) {
            reader.next(row);
            hash.bytes(row, 0, row.length);
            if (reader.type() == NpyType.F32) {
                floats[index] = NpyReader.floats(row);
            } else {
                doubles[index] = NpyReader.doubles(row);
            }
            pixels.read(index, values);
            checkFinite(file, reader.shape(), index, values);
        }
        return new ImageSet(file.toString(), image, count, pixels, Labels.NONE, hash.hex());
    }

    /**
     * Reads a file with one or two axes; NaN and infinities are let through.
     *
     * @throws InputException if the file is missing, cut short or too long, or not of that type, order or shape
     */
    public static Matrix readMatrix(Path file) {
        try (NpyReader reader = NpyReader.open(file)) {
            List<Long> shape = reader.shape();
            if (shape.isEmpty() || shape.size() > 2) {
                throw new InputException(file + " has shape " + NpyHeader.words(shape) + ", expected one or two axes");
            }
            List<Long> full = shape.size() == 1 ? List.of(1L, shape.getFirst()) : shape;
            checkAxes(file, full);
            byte[] row = new byte[rowBytes(file, full, reader.type())];
            double[][] values = new double[full.get(0).intValue()][full.get(1).intValue()];
            for (double[] target : values) {
                reader.next(row);
                if (reader.type() == NpyType.F32) {
                    widen(NpyReader.floats(row), target);
                } else {
                    System.arraycopy(NpyReader.doubles(row), 0, target, 0, target.length);
                }
            }
            return new Matrix(values.length, full.get(1).intValue(), reader.type(), values);
        }
    }

    private static void widen(float[] values, double[] out) {
        for (int place = 0; place < values.length; place++) {
            out[place] = values[place];
        }
    }

    private static void checkAxes(Path file, List<Long> shape) {
        for (long length : shape) {
            if (length == 0 || length > Integer.MAX_VALUE) {
                throw new InputException(file + " has shape " + NpyHeader.words(shape) + " with "
                        + (length == 0 ? "an empty axis" : "an axis longer than " + Integer.MAX_VALUE)
                        + ", expected every axis to be 1.." + Integer.MAX_VALUE);
            }
        }
    }

    private static int rowBytes(Path file, List<Long> shape, NpyType type) {
        long bytes = type.bytes();
        for (long length : shape.subList(1, shape.size())) {
            bytes = Math.multiplyExact(bytes, length); // the file is that long, so this cannot overflow
        }
        if (bytes > Integer.MAX_VALUE - Long.BYTES) {
            throw new InputException(file + " has shape " + NpyHeader.words(shape) + " with " + bytes
                    + " bytes an image or row, expected less than 2 GiB");
        }
        return (int) bytes;
    }

    private static void checkFinite(Path file, List<Long> shape, int index, double[] image) {
        for (int place = 0; place < image.length; place++) {
            if (!Double.isFinite(image[place])) {
                String at = NpyReader.index(shape, (long) index * image.length + place);
                throw new InputException(
                        file + " has " + image[place] + " at index " + at + ", expected finite numbers");
            }
        }
    }
}

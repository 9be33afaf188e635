package cntk.dataset;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * An immutable, ordered set of images of one shape, with labels where they are known.
 *
 * <p>Pixels are produced on demand as doubles, already preprocessed: a set of bytes stays a set of bytes in memory
 * (60,000 CIFAR images are 184 MB, not 1.5 GB), and is sent to other machines as that.
 */
public final class ImageSet implements Serializable {
    /** Writes the C H W values of image {@code index} in order [c][i][j] into {@code out}; safe for many threads. */
    @FunctionalInterface
    public interface Pixels extends Serializable {
        void read(int index, double[] out);
    }

    private final String name;
    private final ImageShape shape;
    private final int count;
    private final Pixels pixels;
    private final Labels labels;
    private final String sha256;

    /**
     * @param name for messages, such as {@code cifar10/train}
     * @param labels one label per image, or {@link Labels#NONE}
     * @param sha256 hash of everything that determines the values: raw data, labels, preprocessing
     */
    public ImageSet(String name, ImageShape shape, int count, Pixels pixels, Labels labels, String sha256) {
        if (count < 1) {
            throw new InputException(name + " has no images");
        }
        if (labels.known() && labels.count() != count) {
            throw new InputException(name + " has " + count + " images but " + labels.count() + " labels");
        }
        this.name = name;
        this.shape = shape;
        this.count = count;
        this.pixels = Objects.requireNonNull(pixels);
        this.labels = labels;
        this.sha256 = sha256;
    }

    /**
     * A set without labels that holds a copy of the given values as they are.
     *
     * @param images one array of C H W values per image, in order [c][i][j]
     * @throws InputException if an image has another number of values than the shape asks for
     */
    public static ImageSet ofValues(String name, ImageShape shape, double[][] images) {
        Sha256 hash = new Sha256().text("values <f8 " + images.length + "x" + shape + "\n");
        ByteBuffer bytes = ByteBuffer.allocate(shape.values() * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        double[][] copies = new double[images.length][];
        for (int index = 0; index < images.length; index++) {
            if (images[index].length != shape.values()) {
                throw new InputException("image " + index + " of " + name + " has " + images[index].length
                        + " values but the shape " + shape + " asks for " + shape.values());
            }
            copies[index] = images[index].clone();
            bytes.clear().asDoubleBuffer().put(copies[index]);
            hash.bytes(bytes);
        }
        Pixels pixels = (index, out) -> System.arraycopy(copies[index], 0, out, 0, shape.values());
        return new ImageSet(name, shape, images.length, pixels, Labels.NONE, hash.hex());
    }

    public String name() {
        return name;
    }

    public ImageShape shape() {
        return shape;
    }

    public int count() {
        return count;
    }

    public Labels labels() {
        return labels;
    }

    public String sha256() {
        return sha256;
    }

    /** Writes the preprocessed values of one image, [c][i][j], into the first C H W places of {@code out}. */
    public void read(int index, double[] out) {
        Objects.checkIndex(index, count);
        pixels.read(index, out);
    }
}

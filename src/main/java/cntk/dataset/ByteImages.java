package cntk.dataset;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Objects;

/**
 * An immutable, ordered set of images as the bytes of their file, with labels; values 0..255, order [c][i][j].
 *
 * <p>{@link RawSplit#prepare} makes {@link ImageSet}s of it, which produce numbers on demand.
 */
public final class ByteImages implements Serializable {
    private final String name;
    private final ImageShape shape;
    private final byte[] pixels;
    private final Labels labels;

    /**
     * @param name for messages, such as {@code cifar10/train}
     * @param pixels C H W bytes per image, image after image; not copied, so leave it alone afterwards
     * @param labels one per image
     */
    ByteImages(String name, ImageShape shape, byte[] pixels, Labels labels) {
        if (labels.count() == 0) {
            throw new InputException(name + " has no images");
        }
        if (pixels.length != (long) labels.count() * shape.values()) {
            throw new IllegalArgumentException(
                    pixels.length + " bytes for " + labels.count() + " images of shape " + shape);
        }
        this.name = name;
        this.shape = shape;
        this.pixels = pixels;
        this.labels = labels;
    }

    public String name() {
        return name;
    }

    public ImageShape shape() {
        return shape;
    }

    public int count() {
        return labels.count();
    }

    public Labels labels() {
        return labels;
    }

    /** The value 0..255 at place {@code value} (0..C H W - 1) of image {@code index}. */
    public int at(int index, int value) {
        Objects.checkIndex(value, shape.values());
        return pixels[index * shape.values() + value] & 0xff;
    }

    /**
     * The first {@code wanted} images in file order.
     *
     * @throws InputException if there are fewer, or fewer than one is asked for
     */
    public ByteImages first(int wanted) {
        if (wanted < 1 || wanted > count()) {
            throw new InputException(
                    wanted + " images of " + name + " were asked for, but it has 1.." + count() + " to give");
        }
        return wanted == count()
                ? this
                : new ByteImages(name, shape, Arrays.copyOf(pixels, wanted * shape.values()), labels.first(wanted));
    }

    /** These images, then their mirror images with the same labels. */
    ByteImages withFlips() {
        byte[] both = Arrays.copyOf(pixels, Math.multiplyExact(2, pixels.length));
        int width = shape.width();
        for (int row = 0; row < pixels.length; row += width) {
            for (int column = 0; column < width; column++) {
                both[pixels.length + row + column] = pixels[row + width - 1 - column];
            }
        }
        return new ByteImages(name + "+flips", shape, both, labels.twice());
    }

    /** Feeds what the images are (shape, labels, bytes) into a hash. */
    void feed(Sha256 hash) {
        hash.text("bytes u1 " + count() + "x" + shape + "\nlabels ");
        for (int index = 0; index < count(); index++) {
            hash.text(labels.of(index) + " ");
        }
        hash.text("\n").bytes(pixels, 0, pixels.length);
    }
}

package cntk.dataset;

/** The mirror images of a set: left and right change places, and labels stay. */
public final class FlippedImages {
    private FlippedImages() {}

    /** A view of {@code images}, in the same order, with a hash of its own. */
    public static ImageSet of(ImageSet images) {
        ImageShape shape = images.shape();
        ImageSet.Pixels pixels = (index, out) -> {
            images.read(index, out);
            flip(out, shape);
        };
        String sha256 = new Sha256().text("flipped " + images.sha256()).hex();
        return new ImageSet(images.name() + ", flipped", shape, images.count(), pixels, images.labels(), sha256);
    }

    /** Reverses every row of every channel of one image [c][i][j], in place. */
    public static void flip(double[] image, ImageShape shape) {
        for (int row = 0; row < shape.channels() * shape.height(); row++) {
            int left = row * shape.width();
            int right = left + shape.width() - 1;
            for (; left < right; left++, right--) {
                double swapped = image[left];
                image[left] = image[right];
                image[right] = swapped;
            }
        }
    }
}

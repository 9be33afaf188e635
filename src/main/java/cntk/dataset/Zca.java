package cntk.dataset;

/**
 * Regularised ZCA whitening as Shankar et al. 2020 do it: fitted on the training images in use, which are centred and of unit
 * norm ({@link Normalization#L2}).
 *
 * <p>The results are kept as floats, 4 D bytes an image: W x takes D^2 operations, too many for every time that an image is
 * read.
 */
final class Zca {
    private static final int BLOCK = 256;

    private Zca() {}

    /** @param split centred, of unit norm */
    static DataSplit whiten(DataSplit split, double eps, Whitening whitening) {
        String fit = "zca eps=" + eps + " of " + split.train().sha256() + ", as float32\n";
        try (Whitening.LinearMap map = whitening.fit(split.train(), eps)) {
            return new DataSplit(whitened(split.train(), map, fit), whitened(split.test(), map, fit));
        }
    }

    private static ImageSet whitened(ImageSet images, Whitening.LinearMap map, String fit) {
        int values = images.shape().values();
        float[][] whitened = new float[images.count()][];
        for (int begin = 0; begin < images.count(); begin += BLOCK) {
            double[][] block = new double[Math.min(BLOCK, images.count() - begin)][values];
            for (int row = 0; row < block.length; row++) {
                images.read(begin + row, block[row]);
            }
            map.apply(block);
            for (int row = 0; row < block.length; row++) {
                whitened[begin + row] = floats(block[row]);
            }
        }
        ImageSet.Pixels pixels = (index, out) -> {
            for (int value = 0; value < values; value++) {
                out[value] = whitened[index][value];
            }
        };
        String sha256 = new Sha256().text(fit + images.sha256()).hex();
        return new ImageSet(images.name(), images.shape(), images.count(), pixels, images.labels(), sha256);
    }

    private static float[] floats(double[] image) {
        float[] floats = new float[image.length];
        for (int value = 0; value < floats.length; value++) {
            floats[value] = (float) image[value];
        }
        return floats;
    }
}

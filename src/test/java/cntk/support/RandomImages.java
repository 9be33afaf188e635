package cntk.support;

import cntk.dataset.ImageSet;
import cntk.dataset.ImageShape;
import java.util.Random;

/** Standard normal images from a seed. */
public final class RandomImages {
    private RandomImages() {}

    public static ImageSet of(int count, ImageShape shape, long seed) {
        Random random = new Random(seed);
        double[][] values = new double[count][shape.values()];
        for (double[] image : values) {
            for (int e = 0; e < image.length; e++) {
                image[e] = random.nextGaussian();
            }
        }
        return ImageSet.ofValues("random/" + seed, shape, values);
    }

    /** Every value times {@code factor}. */
    public static ImageSet scaled(ImageSet images, double factor) {
        double[][] values = values(images);
        for (double[] image : values) {
            for (int e = 0; e < image.length; e++) {
                image[e] *= factor;
            }
        }
        return ImageSet.ofValues(images.name() + "/scaled", images.shape(), values);
    }

    /** Every image mirrored left-right. */
    public static ImageSet flipped(ImageSet images) {
        double[][] values = values(images);
        int width = images.shape().width();
        for (double[] image : values) {
            for (int row = 0; row < image.length; row += width) {
                for (int left = 0; left < width / 2; left++) {
                    double kept = image[row + left];
                    image[row + left] = image[row + width - 1 - left];
                    image[row + width - 1 - left] = kept;
                }
            }
        }
        return ImageSet.ofValues(images.name() + "/flipped", images.shape(), values);
    }

    private static double[][] values(ImageSet images) {
        double[][] values = new double[images.count()][images.shape().values()];
        for (int image = 0; image < values.length; image++) {
            images.read(image, values[image]);
        }
        return values;
    }
}

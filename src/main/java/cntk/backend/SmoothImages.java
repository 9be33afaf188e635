package cntk.backend;

import cntk.dataset.ImageSet;
import cntk.dataset.ImageShape;
import java.util.SplittableRandom;

/** Images to time kernels on: smooth with noise, so that neighbouring pixels go together as in photographs. */
final class SmoothImages {
    private SmoothImages() {}

    /** The same seed gives the same images. */
    static ImageSet of(String name, ImageShape shape, int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[][] values = new double[count][shape.values()];
        for (double[] image : values) {
            for (int c = 0; c < shape.channels(); c++) {
                double level = random.nextGaussian();
                double down = random.nextGaussian();
                double across = random.nextGaussian();
                for (int pixel = 0; pixel < shape.pixels(); pixel++) {
                    int row = pixel / shape.width();
                    double i = (double) row / shape.height();
                    double j = (double) (pixel % shape.width()) / shape.width();
                    image[c * shape.pixels() + pixel] =
                            level + down * Math.sin(6 * i) + across * Math.cos(6 * j) + 0.2 * random.nextGaussian();
                }
            }
        }
        return ImageSet.ofValues(name, shape, values);
    }
}

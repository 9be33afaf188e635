package cntk.backend;

import cntk.dataset.ImageSet;
import java.util.stream.IntStream;

/** The largest sum over channels of x^2 at any pixel of any image: the units of a recursion follow from its exponent. */
public final class LargestVariance {
    private LargestVariance() {}

    /** Reads every image once, on all processors. */
    public static double of(ImageSet images) {
        return IntStream.range(0, images.count())
                .parallel()
                .mapToDouble(image -> of(images, image))
                .max()
                .orElse(0);
    }

    private static double of(ImageSet images, int image) {
        double[] values = new double[images.shape().values()];
        images.read(image, values);
        int pixels = images.shape().pixels();
        double largest = 0;
        for (int pixel = 0; pixel < pixels; pixel++) {
            double sum = 0;
            for (int at = pixel; at < values.length; at += pixels) {
                sum += values[at] * values[at];
            }
            largest = Math.max(largest, sum);
        }
        return largest;
    }
}

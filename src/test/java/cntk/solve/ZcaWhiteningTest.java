package cntk.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cntk.dataset.FlippedImages;
import cntk.dataset.ImageSet;
import cntk.dataset.ImageShape;
import cntk.dataset.Whitening;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ZcaWhiteningTest {
    private static final ImageShape SHAPE = new ImageShape(2, 3, 5);
    private static final int VALUES = SHAPE.values();

    /** Few images, as many as values, more, and more than one block of them. */
    @ParameterizedTest(name = "{0} images, eps {1}")
    @CsvSource({"1, 1e-4", "7, 1e-4", "29, 1e-2", "30, 1e-4", "31, 1e-2", "100, 1e-4", "2100, 1e-1"})
    void theMapIsTheInverseSquareRootThatJacobiRotationsFind(int count, double eps) {
        double[][] images = images(count, 3);
        double[][] expected = JacobiWhitening.map(images, eps);
        double[][] points = images(5, 4);
        double[][] whitened = whiten(images, eps, points);
        for (int image = 0; image < points.length; image++) {
            for (int row = 0; row < VALUES; row++) {
                double sum = 0;
                for (int col = 0; col < VALUES; col++) {
                    sum += expected[row][col] * points[image][col];
                }
                assertThat(whitened[image][row]).isCloseTo(sum, within(1e-10 / Math.sqrt(eps)));
            }
        }
    }

    @Test
    void whitenedTrainingImagesHaveUnitSecondMomentsUpToEps() {
        double[][] images = images(400, 5);
        double[][] whitened = whiten(images, 1e-12, images);
        for (int row = 0; row < VALUES; row++) {
            for (int col = 0; col <= row; col++) {
                double sum = 0;
                for (double[] image : whitened) {
                    sum += image[row] * image[col];
                }
                assertThat(sum / whitened.length).isCloseTo(row == col ? 1 : 0, within(1e-9));
            }
        }
    }

    @Test
    void fittedOnImagesAndTheirFlipsTheMapCommutesWithFlips() {
        double[][] both = Arrays.copyOf(images(40, 7), 80);
        System.arraycopy(flipped(images(40, 7)), 0, both, 40, 40);
        double[][] points = images(3, 8);
        double[][] flipThenMap = whiten(both, 1e-2, flipped(points));
        double[][] mapThenFlip = flipped(whiten(both, 1e-2, points));
        for (int image = 0; image < points.length; image++) {
            assertThat(flipThenMap[image]).containsExactly(mapThenFlip[image], within(1e-11));
        }
    }

    private static double[][] flipped(double[][] images) {
        ImageSet set = FlippedImages.of(ImageSet.ofValues("images", SHAPE, images));
        double[][] flipped = new double[images.length][VALUES];
        for (int index = 0; index < images.length; index++) {
            set.read(index, flipped[index]);
        }
        return flipped;
    }

    @Test
    void imagesOfZerosAreOnlyScaled() {
        double[][] zeros = new double[3][VALUES];
        double[][] points = images(2, 6);
        double[][] whitened = whiten(zeros, 1e-4, points);
        for (int image = 0; image < points.length; image++) {
            for (int value = 0; value < VALUES; value++) {
                assertThat(whitened[image][value]).isCloseTo(100 * points[image][value], within(1e-11));
            }
        }
    }

    /** The map of {@code images}, applied to copies of {@code points}. */
    private static double[][] whiten(double[][] images, double eps, double[][] points) {
        double[][] result = new double[points.length][];
        for (int image = 0; image < points.length; image++) {
            result[image] = points[image].clone();
        }
        try (Whitening.LinearMap map = new ZcaWhitening().fit(ImageSet.ofValues("images", SHAPE, images), eps)) {
            map.apply(result);
        }
        return result;
    }

    /** Correlated values of mean size one. */
    private static double[][] images(int count, long seed) {
        Random random = new Random(seed);
        double[][] images = new double[count][VALUES];
        for (double[] image : images) {
            double last = random.nextGaussian();
            for (int value = 0; value < VALUES; value++) {
                last = 0.9 * last + 0.4 * random.nextGaussian();
                image[value] = last;
            }
        }
        return images;
    }
}

package cntk.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PreprocessingTest {
    private static final ImageShape SHAPE = new ImageShape(2, 3, 5);
    private static final int VALUES = SHAPE.values();
    private static final int TRAIN = 7;

    private final RawSplit split = new RawSplit(random("small/train", TRAIN, 1), random("small/test", 4, 2));
    private final List<String> fits = new ArrayList<>();

    /** W = 3 I, closed by the caller. */
    private final class Tripling implements Whitening.LinearMap {
        @Override
        public void apply(double[][] images) {
            for (double[] image : images) {
                for (int value = 0; value < image.length; value++) {
                    image[value] *= 3;
                }
            }
        }

        @Override
        public void close() {
            fits.add("closed");
        }
    }

    private DataSplit prepare(RawSplit raw, Preprocessing preprocessing, int trainCount) {
        return raw.prepare(preprocessing, OptionalInt.of(trainCount), OptionalInt.empty(), (images, eps) -> {
            fits.add(images.count() + " images of " + images.sha256() + ", eps " + eps);
            return new Tripling();
        });
    }

    private static Preprocessing flipped(Normalization normalization) {
        return new Preprocessing(normalization, Preprocessing.DEFAULT_ZCA_EPS, Augmentation.FLIP);
    }

    @Test
    void l2ImagesHaveMeanZeroAndNormOne() {
        ImageSet train =
                prepare(split, Preprocessing.of(Normalization.L2), TRAIN).train();
        for (int image = 0; image < TRAIN; image++) {
            double mean = 0;
            for (int value = 0; value < VALUES; value++) {
                mean += split.train().at(image, value) / (double) VALUES;
            }
            double norm = 0;
            for (int value = 0; value < VALUES; value++) {
                norm += Math.pow(split.train().at(image, value) - mean, 2);
            }
            double[] values = read(train, image);
            double squares = 0;
            for (int value = 0; value < VALUES; value++) {
                squares += values[value] * values[value];
                assertThat(values[value])
                        .isCloseTo((split.train().at(image, value) - mean) / Math.sqrt(norm), within(1e-14));
            }
            assertThat(squares).isCloseTo(1, within(1e-14));
        }
    }

    @Test
    void aConstantImageBecomesZerosUnderL2() {
        byte[] pixels = new byte[VALUES];
        Arrays.fill(pixels, (byte) 137);
        ByteImages constant = new ByteImages("constant", SHAPE, pixels, labels(1));
        ImageSet images = prepare(new RawSplit(constant, constant), Preprocessing.of(Normalization.L2), 1)
                .train();
        assertThat(read(images, 0)).containsOnly(0.0);
    }

    @ParameterizedTest
    @EnumSource(Normalization.class)
    void flipAugmentationAddsTheMirrorImagesWithTheirLabels(Normalization normalization) {
        DataSplit plain = prepare(split, Preprocessing.of(normalization), 5);
        DataSplit both = prepare(split, flipped(normalization), 5);
        ImageSet mirrored = FlippedImages.of(plain.train());
        assertThat(both.train().count()).isEqualTo(10);
        for (int image = 0; image < 5; image++) {
            assertThat(read(both.train(), image)).isEqualTo(read(plain.train(), image));
            assertThat(both.train().labels().of(image))
                    .isEqualTo(plain.train().labels().of(image));
            assertThat(read(both.train(), 5 + image)).isEqualTo(read(mirrored, image));
            assertThat(both.train().labels().of(5 + image))
                    .isEqualTo(plain.train().labels().of(image));
        }
        assertThat(both.test().count()).isEqualTo(4);
        assertThat(both.train().name()).isEqualTo("small/train+flips");
        assertThat(both.train().sha256()).isNotEqualTo(plain.train().sha256());
    }

    @Test
    void flippedImagesReverseEveryRowAndFlippingTwiceGivesTheImagesBack() {
        ImageSet images =
                prepare(split, Preprocessing.of(Normalization.NONE), TRAIN).train();
        ImageSet mirrored = FlippedImages.of(images);
        ImageSet twice = FlippedImages.of(mirrored);
        assertThat(mirrored.count()).isEqualTo(TRAIN);
        assertThat(mirrored.labels()).isSameAs(images.labels());
        assertThat(List.of(images.sha256(), mirrored.sha256(), twice.sha256())).doesNotHaveDuplicates();
        for (int image = 0; image < TRAIN; image++) {
            double[] original = read(images, image);
            double[] mirror = read(mirrored, image);
            for (int row = 0; row < 6; row++) {
                for (int column = 0; column < 5; column++) {
                    assertThat(mirror[row * 5 + column]).isEqualTo(original[row * 5 + 4 - column]);
                }
            }
            assertThat(read(twice, image)).isEqualTo(original);
        }
    }

    @Test
    void zcaWhitensL2ImagesByWhatTheTrainingImagesInUseSay() {
        DataSplit l2 = prepare(split, Preprocessing.of(Normalization.L2), 5);
        DataSplit zca = prepare(split, new Preprocessing(Normalization.ZCA, 0.25, Augmentation.NONE), 5);
        assertThat(fits).containsExactly("5 images of " + l2.train().sha256() + ", eps 0.25", "closed");
        for (int image = 0; image < 4; image++) {
            double[] values = read(zca.test(), image);
            double[] before = read(l2.test(), image);
            for (int value = 0; value < VALUES; value++) {
                assertThat(values[value]).isEqualTo((float) (3 * before[value]));
            }
        }
        fits.clear();
        prepare(split, flipped(Normalization.ZCA), 5);
        assertThat(fits.getFirst()).startsWith("10 images of ");
    }

    @Test
    void theHashesOfZcaDependOnEpsAndOnTheTrainingImages() {
        List<String> tests = List.of(
                prepare(split, Preprocessing.of(Normalization.L2), 5).test().sha256(),
                prepare(split, Preprocessing.of(Normalization.ZCA), 5).test().sha256(),
                prepare(split, Preprocessing.of(Normalization.ZCA), 6).test().sha256(),
                prepare(split, flipped(Normalization.ZCA), 5).test().sha256(),
                prepare(split, new Preprocessing(Normalization.ZCA, 0.25, Augmentation.NONE), 5)
                        .test()
                        .sha256());
        assertThat(tests).doesNotHaveDuplicates();
        assertThat(prepare(split, Preprocessing.of(Normalization.ZCA), 5).test().sha256())
                .isEqualTo(tests.get(1));
    }

    @Test
    void theTextOfAPreprocessingIsReadAgain() {
        for (Normalization normalization : Normalization.values()) {
            for (Augmentation augmentation : Augmentation.values()) {
                double eps = normalization == Normalization.ZCA ? 1e-3 / 3 : Preprocessing.DEFAULT_ZCA_EPS;
                Preprocessing preprocessing = new Preprocessing(normalization, eps, augmentation);
                assertThat(Preprocessing.parse(preprocessing.normalizationText(), augmentation.word()))
                        .isEqualTo(preprocessing);
            }
        }
        assertThat(Preprocessing.of(Normalization.ZCA).normalizationText()).isEqualTo("zca(eps=1.0E-4)");
        assertRefused("zca(eps=x)", "none", "'zca(eps=x)' has no number as eps");
        assertRefused("zca(eps=-1)", "none", "the eps of zca is -1.0, expected a finite number above 0");
        assertRefused("none", "flips", "unknown augmentation 'flips', expected none or flip");
    }

    private static void assertRefused(String normalization, String augmentation, String message) {
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> Preprocessing.parse(normalization, augmentation))
                .withMessage(message);
    }

    private static double[] read(ImageSet images, int index) {
        double[] values = new double[VALUES];
        images.read(index, values);
        return values;
    }

    private static ByteImages random(String name, int count, long seed) {
        byte[] pixels = new byte[count * VALUES];
        new Random(seed).nextBytes(pixels);
        return new ByteImages(name, SHAPE, pixels, labels(count));
    }

    private static Labels labels(int count) {
        int[] labels = new int[count];
        for (int index = 0; index < count; index++) {
            labels[index] = index % 3;
        }
        return new Labels(labels, List.of("a", "b", "c"));
    }
}

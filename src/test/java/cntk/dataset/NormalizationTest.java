package cntk.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NormalizationTest {
    private static final ImageShape SHAPE = new ImageShape(2, 3, 5);
    private static final int TRAIN = 7;

    private final RawSplit split = new RawSplit(random("small/train", TRAIN, 1), random("small/test", 4, 2));

    @Test
    void standardSubtractsTheMeanOfTheChannelAndDividesByItsDeviation() {
        ChannelStatistics statistics = ChannelStatistics.of(split.train());
        ImageSet test = all(Normalization.STANDARD).test();
        double[] values = new double[SHAPE.values()];
        for (int image = 0; image < test.count(); image++) {
            test.read(image, values);
            for (int place = 0; place < values.length; place++) {
                int channel = place / SHAPE.pixels();
                double expected = (split.test().at(image, place) / 255.0
                                - statistics.mean().get(channel))
                        / statistics.std().get(channel);
                assertThat(values[place]).isEqualTo(expected);
            }
        }
    }

    @Test
    void standardisedTrainingChannelsHaveMeanZeroAndDeviationOne() {
        ImageSet train = all(Normalization.STANDARD).train();
        double[] values = new double[SHAPE.values()];
        double[] sum = new double[SHAPE.channels()];
        double[] squares = new double[SHAPE.channels()];
        for (int image = 0; image < train.count(); image++) {
            train.read(image, values);
            for (int place = 0; place < values.length; place++) {
                sum[place / SHAPE.pixels()] += values[place];
                squares[place / SHAPE.pixels()] += values[place] * values[place];
            }
        }
        for (int channel = 0; channel < SHAPE.channels(); channel++) {
            assertThat(sum[channel]).isCloseTo(0, within(1e-12));
            assertThat(squares[channel]).isCloseTo(TRAIN * SHAPE.pixels(), within(1e-12 * TRAIN * SHAPE.pixels()));
        }
    }

    @Test
    void noneDividesBy255() {
        double[] values = new double[SHAPE.values()];
        all(Normalization.NONE).train().read(2, values);
        for (int place = 0; place < values.length; place++) {
            assertThat(values[place]).isEqualTo(split.train().at(2, place) / 255.0);
        }
    }

    @Test
    void aPartOfTheTrainingImagesIsNormalisedByAllOfThem() {
        DataSplit part = prepare(split, Normalization.STANDARD, OptionalInt.of(2), OptionalInt.of(3));
        double[] whole = new double[SHAPE.values()];
        double[] first = new double[SHAPE.values()];
        all(Normalization.STANDARD).train().read(1, whole);
        part.train().read(1, first);
        assertThat(first).isEqualTo(whole);
        assertThat(part.train().count()).isEqualTo(2);
        assertThat(part.test().count()).isEqualTo(3);
        assertThat(part.test().labels().count()).isEqualTo(3);
    }

    @Test
    void moreImagesThanThereAreAreRefusedWithBothNumbers() {
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> prepare(split, Normalization.NONE, OptionalInt.of(8), OptionalInt.empty()))
                .withMessage("8 images of small/train were asked for, but it has 1..7 to give");
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> prepare(split, Normalization.NONE, OptionalInt.empty(), OptionalInt.of(0)))
                .withMessage("0 images of small/test were asked for, but it has 1..4 to give");
    }

    @Test
    void theHashDependsOnImagesCountLabelsAndNormalisation() {
        String hash = all(Normalization.STANDARD).train().sha256();
        assertThat(hash).matches("[0-9a-f]{64}");
        assertThat(all(Normalization.STANDARD).train().sha256()).isEqualTo(hash);
        assertThat(all(Normalization.NONE).train().sha256()).isNotEqualTo(hash);
        assertThat(prepare(split, Normalization.STANDARD, OptionalInt.of(6), OptionalInt.empty())
                        .train()
                        .sha256())
                .isNotEqualTo(hash);

        byte[] pixels = new byte[2 * SHAPE.values()];
        String zeros = noneHash(pixels, 0, 1);
        assertThat(noneHash(pixels, 1, 0)).isNotEqualTo(zeros);
        pixels[17] = 1;
        assertThat(noneHash(pixels, 0, 1)).isNotEqualTo(zeros);
    }

    @Test
    void theHashDependsOnTheImagesThatTheStatisticsAreFrom() {
        RawSplit other = new RawSplit(random("small/train", TRAIN, 3), split.test());
        assertThat(prepare(other, Normalization.STANDARD, OptionalInt.empty(), OptionalInt.empty())
                        .test()
                        .sha256())
                .isNotEqualTo(all(Normalization.STANDARD).test().sha256());
    }

    @Test
    void aConstantChannelCannotBeStandardised() {
        ByteImages flat = new ByteImages("flat", new ImageShape(1, 2, 2), new byte[8], labels(2));
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> prepare(
                        new RawSplit(flat, flat), Normalization.STANDARD, OptionalInt.empty(), OptionalInt.empty()))
                .withMessageStartingWith("channel 0 of flat has the same value everywhere");
    }

    @Test
    void aNormalisationIsFoundByItsWord() {
        for (Normalization normalization : Normalization.values()) {
            assertThat(Normalization.ofWord(normalization.word())).isSameAs(normalization);
        }
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> Normalization.ofWord("Standard"))
                .withMessage("unknown normalisation 'Standard', expected standard, none, l2, zca");
    }

    @Test
    void statisticsOfTwoValuesAreExact() {
        ByteImages images =
                new ByteImages("two", new ImageShape(1, 1, 2), new byte[] {0, (byte) 255, 0, (byte) 255}, labels(2));
        assertThat(ChannelStatistics.of(images)).isEqualTo(new ChannelStatistics(List.of(0.5), List.of(0.5)));
    }

    private DataSplit all(Normalization normalization) {
        return prepare(split, normalization, OptionalInt.empty(), OptionalInt.empty());
    }

    private static DataSplit prepare(
            RawSplit split, Normalization normalization, OptionalInt trainCount, OptionalInt testCount) {
        return split.prepare(Preprocessing.of(normalization), trainCount, testCount, (images, eps) -> {
            throw new AssertionError("only zca whitens");
        });
    }

    private static String noneHash(byte[] pixels, int... labels) {
        ByteImages images = new ByteImages("two", SHAPE, pixels, new Labels(labels, List.of("a", "b")));
        return prepare(new RawSplit(images, images), Normalization.NONE, OptionalInt.empty(), OptionalInt.empty())
                .train()
                .sha256();
    }

    private static ByteImages random(String name, int count, long seed) {
        byte[] pixels = new byte[count * SHAPE.values()];
        new Random(seed).nextBytes(pixels);
        return new ByteImages(name, SHAPE, pixels, labels(count));
    }

    private static Labels labels(int count) {
        return new Labels(new int[count], List.of("a"));
    }
}

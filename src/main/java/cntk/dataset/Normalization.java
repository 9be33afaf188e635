package cntk.dataset;

import java.io.Serializable;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * How bytes become numbers. {@link #STANDARD} learns from the whole training split of a data set, {@link #ZCA} from the
 * training images in use.
 */
public enum Normalization {
    /** (byte/255 - mean[c]) / std[c] with the {@link ChannelStatistics} of the training split, in this order. */
    STANDARD("standard") {
        @Override
        Fitted fit(ByteImages train) {
            ChannelStatistics statistics = ChannelStatistics.of(train);
            int flat = statistics.std().indexOf(0.0);
            if (flat >= 0) {
                throw new InputException("channel " + flat + " of " + train.name()
                        + " has the same value everywhere, so its standard deviation cannot be divided by\n"
                        + "hint: --normalize none leaves channels as they are");
            }
            double[][] table = table(statistics);
            String text = "standard mean=" + statistics.mean() + " std=" + statistics.std();
            return new Fitted(text, (images, index, out) -> lookUp(table, images, index, out));
        }
    },
    /** byte/255. */
    NONE("none") {
        @Override
        Fitted fit(ByteImages train) {
            return new Fitted("none: byte/255", (images, index, out) -> {
                for (int value = 0; value < images.shape().values(); value++) {
                    out[value] = images.at(index, value) / 255.0;
                }
            });
        }
    },
    /**
     * Each image by itself: the mean of all its values is subtracted, then it is divided by its Euclidean norm. A constant
     * image becomes zeros. The first step of the preprocessing of Shankar et al. 2020.
     */
    L2("l2") {
        @Override
        Fitted fit(ByteImages train) {
            return new Fitted("l2: centred image / its norm", Normalization::centreAndScale);
        }
    },
    /** {@link #L2}, then the regularised whitening of Shankar et al. 2020: see {@link Whitening}. */
    ZCA("zca") {
        @Override
        Fitted fit(ByteImages train) {
            return L2.fit(train); // RawSplit.prepare whitens what this leaves
        }
    };

    /** A normalisation that has learnt what it needs; {@code text} says everything that determines its values. */
    record Fitted(String text, Transform transform) implements Serializable {}

    /** Writes the C H W numbers of one image into {@code out}. */
    @FunctionalInterface
    interface Transform extends Serializable {
        void apply(ByteImages images, int index, double[] out);
    }

    private final String word;

    Normalization(String word) {
        this.word = word;
    }

    abstract Fitted fit(ByteImages train);

    /** The word of the command line and of the run record. */
    public String word() {
        return word;
    }

    /**
     * The normalisation of that name.
     *
     * @throws InputException for another word
     */
    public static Normalization ofWord(String word) {
        return Arrays.stream(values())
                .filter(candidate -> candidate.word.equals(word))
                .findFirst()
                .orElseThrow(() -> new InputException("unknown normalisation '" + word + "', expected "
                        + Arrays.stream(values()).map(Normalization::word).collect(Collectors.joining(", "))));
    }

    private static double[][] table(ChannelStatistics statistics) {
        double[][] table = new double[statistics.mean().size()][256];
        for (int channel = 0; channel < table.length; channel++) {
            for (int value = 0; value < 256; value++) {
                table[channel][value] = (value / 255.0 - statistics.mean().get(channel))
                        / statistics.std().get(channel);
            }
        }
        return table;
    }

    private static void lookUp(double[][] table, ByteImages images, int index, double[] out) {
        int pixels = images.shape().pixels();
        for (int channel = 0; channel < table.length; channel++) {
            for (int place = channel * pixels; place < (channel + 1) * pixels; place++) {
                out[place] = table[channel][images.at(index, place)];
            }
        }
    }

    /**
     * With S the sum and Q the sum of squares of D bytes: (D byte - S) / sqrt(D (D Q - S^2)). Integers up to the root, so that
     * the order of the values changes no bit, and a constant image gives zeros, not rounding errors blown up.
     */
    private static void centreAndScale(ByteImages images, int index, double[] out) {
        long values = images.shape().values();
        long sum = 0;
        long squares = 0;
        for (int value = 0; value < values; value++) {
            long pixel = images.at(index, value);
            sum += pixel;
            squares += pixel * pixel;
        }
        long spread = values * squares - sum * sum;
        double norm = Math.sqrt((double) values * spread);
        for (int value = 0; value < values; value++) {
            out[value] = spread == 0 ? 0 : (values * images.at(index, value) - sum) / norm;
        }
    }
}

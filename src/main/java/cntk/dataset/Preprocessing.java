package cntk.dataset;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is done to a data set before the kernel sees it.
 *
 * @param zcaEps added to every eigenvalue by {@link Normalization#ZCA}; no other normalisation looks at it
 */
public record Preprocessing(Normalization normalization, double zcaEps, Augmentation augmentation) {
    /** What Shankar et al. 2020 add. */
    public static final double DEFAULT_ZCA_EPS = 1e-4;

    private static final Pattern ZCA_TEXT = Pattern.compile("zca\\(eps=([^()]+)\\)");

    public Preprocessing {
        if (!(zcaEps > 0) || Double.isInfinite(zcaEps)) {
            throw new InputException("the eps of zca is " + zcaEps + ", expected a finite number above 0");
        }
    }

    /** That normalisation with its default, of the images as they are. */
    public static Preprocessing of(Normalization normalization) {
        return new Preprocessing(normalization, DEFAULT_ZCA_EPS, Augmentation.NONE);
    }

    /** The normalisation for a manifest: its word, with its parameter where it has one, such as {@code zca(eps=1.0E-4)}. */
    public String normalizationText() {
        return normalization == Normalization.ZCA ? "zca(eps=" + zcaEps + ")" : normalization.word();
    }

    /**
     * Reads {@link #normalizationText} and the word of an augmentation again.
     *
     * @throws InputException for other texts
     */
    public static Preprocessing parse(String normalization, String augmentation) {
        Augmentation augmented = Augmentation.ofWord(augmentation);
        Matcher zca = ZCA_TEXT.matcher(normalization);
        if (!zca.matches()) {
            return new Preprocessing(Normalization.ofWord(normalization), DEFAULT_ZCA_EPS, augmented);
        }
        try {
            return new Preprocessing(Normalization.ZCA, Double.parseDouble(zca.group(1)), augmented);
        } catch (NumberFormatException e) {
            throw new InputException("'" + normalization + "' has no number as eps", e);
        }
    }
}

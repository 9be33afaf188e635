package cntk.dataset;

import java.util.Arrays;

/** Further training images made of those that there are. */
public enum Augmentation {
    /** The training images as they are. */
    NONE("none", 1) {
        @Override
        ByteImages apply(ByteImages train) {
            return train;
        }
    },
    /** The training images, then the same ones flipped horizontally, in the same order and with the same labels. */
    FLIP("flip", 2) {
        @Override
        ByteImages apply(ByteImages train) {
            return train.withFlips();
        }
    };

    private final String word;
    private final int factor;

    Augmentation(String word, int factor) {
        this.word = word;
        this.factor = factor;
    }

    abstract ByteImages apply(ByteImages train);

    /** The word of the command line, of the manifest and of the run record. */
    public String word() {
        return word;
    }

    /**
     * The augmentation of that name.
     *
     * @throws InputException for another word
     */
    public static Augmentation ofWord(String word) {
        return Arrays.stream(values())
                .filter(candidate -> candidate.word.equals(word))
                .findFirst()
                .orElseThrow(() -> new InputException("unknown augmentation '" + word + "', expected none or flip"));
    }

    /** Training images for each one of the data set. */
    public int factor() {
        return factor;
    }
}

package cntk.solve;

import java.util.Objects;

/** Scores of every class for every test image, and the class with the highest. */
public final class Predictions {
    private final int classes;
    private final double[] scores;

    /** @param scores row-major, images x classes; taken over */
    Predictions(int classes, double[] scores) {
        this.classes = classes;
        this.scores = scores;
    }

    /** Copies {@code scores}, row-major, images x classes. */
    public static Predictions of(int classes, double[] scores) {
        if (classes < 1 || scores.length % classes != 0) {
            throw new IllegalArgumentException(scores.length + " scores for " + classes + " classes");
        }
        return new Predictions(classes, scores.clone());
    }

    /** Test images. */
    public int count() {
        return scores.length / classes;
    }

    public int classes() {
        return classes;
    }

    public double score(int image, int classIndex) {
        Objects.checkIndex(classIndex, classes);
        return scores[Math.addExact(Math.multiplyExact(image, classes), classIndex)];
    }

    /** The class with the highest score; of equal ones the lowest index. */
    public int predicted(int image) {
        int best = 0;
        for (int c = 1; c < classes; c++) {
            if (score(image, c) > score(image, best)) {
                best = c;
            }
        }
        return best;
    }
}

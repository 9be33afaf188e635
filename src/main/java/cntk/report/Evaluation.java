package cntk.report;

import cntk.dataset.Labels;
import cntk.solve.Predictions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** How well predictions meet the labels: in all, per class, and which class was taken for which. */
public final class Evaluation {
    /** Images of class {@code label} that were taken for class {@code predicted}. */
    public record Confusion(String label, String predicted, int count) {}

    private final List<String> classNames;
    private final int[][] counts;

    private Evaluation(List<String> classNames, int[][] counts) {
        this.classNames = classNames;
        this.counts = counts;
    }

    /** Compares the predictions with one known label each. */
    public static Evaluation of(Predictions predictions, Labels labels) {
        if (labels.count() != predictions.count() || labels.classes() != predictions.classes()) {
            throw new IllegalArgumentException("%d predictions of %d classes, %d labels of %d classes"
                    .formatted(predictions.count(), predictions.classes(), labels.count(), labels.classes()));
        }
        int[][] counts = new int[labels.classes()][labels.classes()];
        for (int image = 0; image < labels.count(); image++) {
            counts[labels.of(image)][predictions.predicted(image)]++;
        }
        return new Evaluation(labels.classNames(), counts);
    }

    public List<String> classNames() {
        return classNames;
    }

    /** Test images. */
    public int count() {
        return overall().trials();
    }

    /** Correct ones among all test images. */
    public Proportion overall() {
        int correct = 0;
        int all = 0;
        for (int c = 0; c < classNames.size(); c++) {
            correct += ofClass(c).successes();
            all += ofClass(c).trials();
        }
        return new Proportion(correct, all);
    }

    /** Correct ones among the test images of one class (its recall). */
    public Proportion ofClass(int label) {
        int all = 0;
        for (int count : counts[label]) {
            all += count;
        }
        return new Proportion(counts[label][label], all);
    }

    /** Images of class {@code label} that were predicted as {@code predicted}. */
    public int confusion(int label, int predicted) {
        return counts[label][predicted];
    }

    /** The whole confusion matrix: a row per label, a column per predicted class. */
    public List<List<Integer>> confusionMatrix() {
        List<List<Integer>> rows = new ArrayList<>();
        for (int[] row : counts) {
            rows.add(java.util.Arrays.stream(row).boxed().toList());
        }
        return List.copyOf(rows);
    }

    /** The {@code most} most frequent mistakes, the most frequent first, equal ones in class order. */
    public List<Confusion> mistakes(int most) {
        List<Confusion> mistakes = new ArrayList<>();
        for (int label = 0; label < counts.length; label++) {
            for (int predicted = 0; predicted < counts.length; predicted++) {
                if (label != predicted && counts[label][predicted] > 0) {
                    mistakes.add(
                            new Confusion(classNames.get(label), classNames.get(predicted), counts[label][predicted]));
                }
            }
        }
        mistakes.sort(Comparator.comparingInt(Confusion::count).reversed());
        return List.copyOf(mistakes.subList(0, Math.min(most, mistakes.size())));
    }
}

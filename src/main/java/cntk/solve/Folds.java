package cntk.solve;

import cntk.dataset.Labels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Random parts of the training images with every class in proportion; the same seed gives the same parts. */
public final class Folds {
    private final List<Integer> order;
    private final Random random;
    private final Labels labels;

    /** @param labels {@link Labels#NONE} for a regression: then the images are only shuffled */
    public Folds(int images, Labels labels, long seed) {
        this.labels = labels;
        this.random = new Random(seed);
        this.order = new ArrayList<>(IntStream.range(0, images).boxed().toList());
    }

    /** The images in {@code parts} disjoint folds of sizes that differ by at most one. */
    public List<int[]> split(int parts) {
        if (parts < 2 || parts > order.size()) {
            throw new IllegalArgumentException(parts + " folds of " + order.size() + " images");
        }
        shuffleByClass();
        List<int[]> folds = new ArrayList<>();
        for (int part = 0; part < parts; part++) {
            int first = part;
            folds.add(IntStream.iterate(first, place -> place < order.size(), place -> place + parts)
                    .map(order::get)
                    .sorted()
                    .toArray());
        }
        return folds;
    }

    /** One draw of {@code count} images, ascending; the classes differ by at most one image where they are large enough. */
    public int[] draw(int count) {
        Collections.shuffle(order, random);
        if (!labels.known()) {
            return order.stream()
                    .limit(count)
                    .mapToInt(Integer::intValue)
                    .sorted()
                    .toArray();
        }
        int[] seen = new int[labels.classes()];
        int[] rank = new int[order.size()];
        for (int image : order) {
            rank[image] = seen[labels.of(image)]++;
        }
        return order.stream()
                .sorted(Comparator.comparingInt(image -> rank[image])) // stable: within a rank the shuffle decides
                .limit(count)
                .mapToInt(Integer::intValue)
                .sorted()
                .toArray();
    }

    private void shuffleByClass() {
        Collections.shuffle(order, random);
        if (labels.known()) {
            order.sort(Comparator.comparingInt(labels::of)); // stable: within a class the shuffle decides
        }
    }

    /** Every image that is not among {@code part}, ascending. */
    public static int[] others(int images, int[] part) {
        boolean[] taken = new boolean[images];
        Arrays.stream(part).forEach(image -> taken[image] = true);
        return IntStream.range(0, images).filter(image -> !taken[image]).toArray();
    }
}

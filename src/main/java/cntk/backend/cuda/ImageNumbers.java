package cntk.backend.cuda;

import cntk.dataset.ImageSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Numbers images by what they show: two images of any sets have one number if all their values are equal. Pairs of such
 * images have the correlation 1 at equal pixels, which rounding would hide (maths.md, "Self pairs").
 */
final class ImageNumbers {
    private final Map<Integer, List<Known>> byHash = new HashMap<>();
    private int numbers;

    private record Known(ImageSet images, int index, int number) {}

    /** The numbers of the images of a set, in order; reads every image once, and again those whose hashes agree. */
    int[] of(ImageSet images) {
        int[] hashes = IntStream.range(0, images.count())
                .parallel()
                .map(index -> Arrays.hashCode(values(images, index)))
                .toArray();
        int[] found = new int[hashes.length];
        for (int index = 0; index < found.length; index++) {
            found[index] = number(images, index, byHash.computeIfAbsent(hashes[index], _ -> new ArrayList<>(1)));
        }
        return found;
    }

    private int number(ImageSet images, int index, List<Known> candidates) {
        double[] own = candidates.isEmpty() ? new double[0] : values(images, index);
        for (Known known : candidates) {
            if (Arrays.equals(own, values(known.images(), known.index()))) {
                return known.number();
            }
        }
        candidates.add(new Known(images, index, numbers));
        return numbers++;
    }

    private static double[] values(ImageSet images, int index) {
        double[] values = new double[images.shape().values()];
        images.read(index, values);
        return values;
    }
}

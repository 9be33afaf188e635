package cntk.solve;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Pairs of training images that a kernel can hardly tell apart: the usual reason of a singular kernel matrix. */
public final class NearDuplicates {
    /** Squared distance over the mean of both diagonal entries, below which two images count as one. */
    private static final double CLOSE = 1e-9;

    private static final int MOST = 1000;

    /**
     * Two images.
     *
     * @param distance (K[i,i] + K[j,j] - 2 K[i,j]) / ((K[i,i] + K[j,j]) / 2): 0 for a copy, 2 for unrelated images
     */
    public record Pair(int first, int second, double distance) {}

    private NearDuplicates() {}

    /** The closest pairs of a kernel, the closest first; reads the kernel twice. */
    public static List<Pair> of(KernelSource kernel, int most) {
        double[] diagonal = new double[kernel.size()];
        kernel.writeTo((col, row, values, from, count) -> {
            if (row == col && count > 0) {
                diagonal[col] = values[from];
            }
        });
        List<Pair> pairs = new ArrayList<>();
        kernel.writeTo((col, row, values, from, count) -> {
            for (int place = 0; place < count; place++) {
                int image = row + place;
                double mean = (diagonal[col] + diagonal[image]) / 2;
                double distance = 2 * (mean - values[from + place]);
                if (image != col && distance <= CLOSE * mean && pairs.size() < MOST) {
                    pairs.add(new Pair(col, image, mean > 0 ? distance / mean : 0));
                }
            }
        });
        return pairs.stream()
                .sorted(Comparator.comparingDouble(Pair::distance)
                        .thenComparingInt(Pair::first)
                        .thenComparingInt(Pair::second))
                .limit(most)
                .toList();
    }
}

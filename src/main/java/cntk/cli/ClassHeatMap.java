package cntk.cli;

import cntk.dataset.Labels;
import cntk.solve.KernelSource;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** A training kernel with the images in the order of their classes, as correlations, averaged down to few pixels. */
final class ClassHeatMap {
    private static final int MOST_PIXELS = 400;

    private ClassHeatMap() {}

    /** Square, at most 400 x 400; reads the kernel twice. */
    static double[][] of(KernelSource kernel, Labels labels) {
        int n = kernel.size();
        List<Integer> order = IntStream.range(0, n)
                .boxed()
                .sorted(Comparator.comparingInt(labels::of)) // stable
                .toList();
        int side = Math.min(n, MOST_PIXELS);
        int[] pixel = new int[n];
        for (int place = 0; place < n; place++) {
            pixel[order.get(place)] = (int) ((long) place * side / n);
        }
        double[] diagonal = new double[n];
        kernel.writeTo((col, row, values, from, count) -> {
            if (row == col && count > 0) {
                diagonal[col] = Math.sqrt(values[from]);
            }
        });
        double[][] sums = new double[side][side];
        int[][] counts = new int[side][side];
        kernel.writeTo((col, row, values, from, count) -> {
            for (int place = 0; place < count; place++) {
                int image = row + place;
                if (image != col) { // 1 everywhere, and it would hide the rest
                    double correlation = values[from + place] / (diagonal[image] * diagonal[col]);
                    add(sums, counts, pixel[image], pixel[col], correlation);
                    add(sums, counts, pixel[col], pixel[image], correlation);
                }
            }
        });
        double largest = Double.NEGATIVE_INFINITY;
        for (int row = 0; row < side; row++) {
            for (int col = 0; col < side; col++) {
                if (counts[row][col] > 0) {
                    sums[row][col] /= counts[row][col];
                    largest = Math.max(largest, sums[row][col]);
                }
            }
        }
        for (int at = 0; at < side; at++) {
            if (counts[at][at] == 0) { // one image a pixel: its own correlation is left out
                sums[at][at] = Double.isFinite(largest) ? largest : 1;
            }
        }
        return sums;
    }

    private static void add(double[][] sums, int[][] counts, int row, int col, double value) {
        sums[row][col] += value;
        counts[row][col]++;
    }
}

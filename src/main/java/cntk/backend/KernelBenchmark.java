package cntk.backend;

import cntk.arch.Network;
import cntk.backend.cpu.CpuBackend;
import cntk.backend.cpu.FmaPeak;
import cntk.dataset.ImageSet;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import cntk.plan.Tile;
import java.util.Arrays;

/**
 * Times tiles of the CPU backend on one thread, beside the multiply-add peak of the same moments: the clock of a shared
 * machine drifts, a ratio does not. What was timed is checked against the oracle once.
 */
public final class KernelBenchmark {
    /**
     * Multiply-adds and multiplications an entry and layer take in float: 16 of the ReLU step and, with seams to mask, 4 of the
     * window sums (decisions/0002). The share of the peak counts these.
     */
    private static final int OPERATIONS = 16;

    private static final int SEAM_OPERATIONS = 4;
    private static final double WARM_UP_SECONDS = 2;
    private static final int CHECKED = 3;

    /** Entries of a pair above which it takes milliseconds, not microseconds. */
    private static final long LARGE_PAIR = 1 << 16;

    private final KernelTask task;
    private final Network network; // the main one
    private final Precision precision;

    /** @param task whose first network is the one that element-layers are counted of */
    public KernelBenchmark(KernelTask task, Precision precision) {
        this.task = task;
        this.network = task.networks().getFirst();
        this.precision = precision;
    }

    /**
     * What was measured; times are medians over the repeats.
     *
     * @param network the first of the task
     * @param kernels computed for every pair
     * @param pairsPerRepeat pairs in the timed tile
     * @param peak float multiply-adds a second, measured between the repeats
     * @param largestError largest relative difference from the oracle over a few entries of the timed tile
     */
    public record Result(
            Network network,
            int kernels,
            Precision precision,
            String description,
            int pairsPerRepeat,
            double[] secondsPerPair,
            double peak,
            double largestError) {
        public double medianSecondsPerPair() {
            return median(secondsPerPair);
        }

        public double elementLayersPerSecond() {
            return network.elementLayers() / medianSecondsPerPair();
        }

        /** Share of the float multiply-add peak; NaN for networks without convolutions. */
        public double peakShare() {
            return network.elementLayers() == 0 ? Double.NaN : operations(network) * elementLayersPerSecond() / peak;
        }
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    /** Multiply-adds and multiplications of an entry and layer that a share of the peak counts. */
    static int operations(Network network) {
        return OPERATIONS + (network.planes().onlyEqualPixels() ? 0 : SEAM_OPERATIONS);
    }

    /**
     * Measures.
     *
     * @param repeats timed tiles, after a warm-up of two seconds
     */
    public Result run(int repeats) throws InterruptedException {
        // Tables and factors are made once per image, as in a run: small tiles would make them count too much.
        int rows = network.entriesPerPair() > LARGE_PAIR ? 8 : 256;
        int cols = network.entriesPerPair() > LARGE_PAIR ? 16 : 256;
        ImageSet rowImages = SmoothImages.of("rows", network.input(), rows, 1);
        ImageSet colImages = SmoothImages.of("columns", network.input(), cols, 2);
        try (CpuBackend backend = new CpuBackend(task, precision, 1)) {
            TileBackend worker = backend.open(rowImages, colImages).getFirst();
            Tile tile = new Tile(0, 0, 0, rows, 0, cols);
            double[] out = new double[task.kernels() * tile.entries()];
            long begin = System.nanoTime();
            FmaPeak.measure();
            do {
                worker.compute(tile, out);
            } while ((System.nanoTime() - begin) * 1e-9 < WARM_UP_SECONDS);
            double[] seconds = new double[repeats];
            double peak = 0;
            for (int repeat = 0; repeat < repeats; repeat++) {
                peak = Math.max(peak, FmaPeak.measure());
                begin = System.nanoTime();
                worker.compute(tile, out);
                seconds[repeat] = (System.nanoTime() - begin) * 1e-9 / tile.entries();
            }
            double error = largestError(rowImages, colImages, out, cols);
            return new Result(
                    network, task.kernels(), precision, backend.description(), tile.entries(), seconds, peak, error);
        }
    }

    private double largestError(ImageSet rows, ImageSet cols, double[] out, int width) throws InterruptedException {
        double largest = 0;
        try (OracleBackend oracle = new OracleBackend(task, 1)) {
            TileBackend worker = oracle.open(rows, cols).getFirst();
            double[] exact = new double[task.kernels()];
            int entries = out.length / exact.length;
            for (int sample = 0; sample < Math.min(CHECKED, entries); sample++) {
                int at = (int) ((long) sample * (entries - 1) / CHECKED);
                int row = at / width;
                int col = at % width;
                worker.compute(new Tile(0, 0, row, row + 1, col, col + 1), exact);
                for (int kernel = 0; kernel < exact.length; kernel++) {
                    largest = Math.max(largest, Math.abs(out[kernel * entries + at] / exact[kernel] - 1));
                }
            }
        }
        return largest;
    }
}

package cntk.backend;

import cntk.arch.Network;
import cntk.backend.cpu.CpuBackend;
import cntk.dataset.ImageSet;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import cntk.plan.Tile;
import java.util.OptionalDouble;

/**
 * Times tiles of one worker of a backend, such as one GPU, from images in host memory to a finished tile in host memory, beside one
 * thread of the CPU on some of the same pairs.
 */
public final class GpuBenchmark {
    /** Entries of a pair above which a pair is large: microseconds on a GPU, milliseconds on a thread. */
    private static final long LARGE_PAIR = 1 << 16;

    private static final int CPU_REPEATS = 3;

    private final KernelTask task;
    private final Network network; // the main one
    private final Precision precision;
    private final BackendStarter backend;
    private final Stopwatch watch;

    /** Measures on the device's own clock where it has one. */
    public interface Stopwatch {
        void start();

        /** Seconds since {@link #start}. */
        double seconds();
    }

    /**
     * How much to do.
     *
     * @param rows of the timed tile
     * @param cols of the timed tile
     * @param warmUpSeconds tiles before the first timed one take this long at least
     * @param cpuRows rows of the tile's corner that the CPU computes, too
     * @param cpuCols its columns
     */
    public record Load(int rows, int cols, int repeats, double warmUpSeconds, int cpuRows, int cpuCols) {
        /** About a tenth of a second a tile on a large GPU (*estimate*). */
        public static Load of(Network network, int repeats) {
            return network.entriesPerPair() > LARGE_PAIR
                    ? new Load(64, 128, repeats, 2, 4, 8)
                    : new Load(2048, 2048, repeats, 2, 64, 64);
        }

        /** A few pairs, to see that all of it works. */
        public static Load smoke() {
            return new Load(2, 3, 1, 0, 2, 3);
        }
    }

    /**
     * What was measured; times are medians over the repeats.
     *
     * @param kernels computed for every pair
     * @param cpuSecondsPerPair of one thread
     * @param cpuPairs that both computed
     * @param largestDifference largest relative difference between the two over these
     */
    public record Result(
            Network network,
            int kernels,
            Precision precision,
            String description,
            int pairsPerRepeat,
            double[] secondsPerPair,
            double cpuSecondsPerPair,
            int cpuPairs,
            double largestDifference) {
        public double medianSecondsPerPair() {
            return KernelBenchmark.median(secondsPerPair);
        }

        public double elementLayersPerSecond() {
            return network.elementLayers() / medianSecondsPerPair();
        }

        /**
         * Share of the fp32 multiply-add peak, counting what the mathematics needs as {@link KernelBenchmark} does; empty in double, for
         * networks without convolutions, and where the peak is unknown.
         */
        public OptionalDouble peakShare(OptionalDouble peak) {
            return peak.isEmpty() || precision == Precision.F64 || network.elementLayers() == 0
                    ? OptionalDouble.empty()
                    : OptionalDouble.of(
                            KernelBenchmark.operations(network) * elementLayersPerSecond() / peak.getAsDouble());
        }
    }

    /** @param task whose first network is the one that element-layers are counted of */
    public GpuBenchmark(KernelTask task, Precision precision, BackendStarter backend, Stopwatch watch) {
        this.task = task;
        this.network = task.networks().getFirst();
        this.precision = precision;
        this.backend = backend;
        this.watch = watch;
    }

    /** Measures. */
    public Result run(Load load) throws InterruptedException {
        ImageSet rows = SmoothImages.of("rows", network.input(), load.rows(), 1);
        ImageSet cols = SmoothImages.of("columns", network.input(), load.cols(), 2);
        Tile tile = new Tile(0, 0, 0, load.rows(), 0, load.cols());
        double[] out = new double[Math.multiplyExact(task.kernels(), tile.entries())];
        double[] seconds = new double[load.repeats()];
        String description;
        try (KernelBackend started = backend.start(task, precision);
                TileBackend worker = started.open(rows, cols).getFirst()) {
            description = started.description();
            warmUp(worker, tile, out, load.warmUpSeconds());
            for (int repeat = 0; repeat < seconds.length; repeat++) {
                watch.start();
                worker.compute(tile, out);
                seconds[repeat] = watch.seconds() / tile.entries();
            }
        }
        Tile corner = new Tile(0, 0, 0, load.cpuRows(), 0, load.cpuCols());
        double[] cpu = new double[task.kernels() * corner.entries()];
        double cpuSeconds = timeCpu(rows, cols, corner, cpu);
        return new Result(
                network,
                task.kernels(),
                precision,
                description,
                tile.entries(),
                seconds,
                cpuSeconds / corner.entries(),
                corner.entries(),
                GpuSelfTest.largestDifference(corner(out, tile, corner), cpu));
    }

    /** The first tile also makes what is kept per image, as in a run. */
    private static void warmUp(TileBackend worker, Tile tile, double[] out, double seconds)
            throws InterruptedException {
        long begin = System.nanoTime();
        do {
            worker.compute(tile, out);
        } while ((System.nanoTime() - begin) * 1e-9 < seconds);
    }

    private double timeCpu(ImageSet rows, ImageSet cols, Tile corner, double[] out) throws InterruptedException {
        double[] seconds = new double[CPU_REPEATS];
        try (CpuBackend cpu = new CpuBackend(task, precision, 1)) {
            TileBackend worker = cpu.open(rows, cols).getFirst();
            worker.compute(corner, out);
            for (int repeat = 0; repeat < CPU_REPEATS; repeat++) {
                long begin = System.nanoTime();
                worker.compute(corner, out);
                seconds[repeat] = (System.nanoTime() - begin) * 1e-9;
            }
        }
        return KernelBenchmark.median(seconds);
    }

    private double[] corner(double[] out, Tile tile, Tile corner) {
        double[] part = new double[task.kernels() * corner.entries()];
        for (int kernel = 0; kernel < task.kernels(); kernel++) {
            for (int row = 0; row < corner.rows(); row++) {
                System.arraycopy(
                        out,
                        kernel * tile.entries() + row * tile.cols(),
                        part,
                        kernel * corner.entries() + row * corner.cols(),
                        corner.cols());
            }
        }
        return part;
    }
}

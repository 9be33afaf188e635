package cntk.backend;

import cntk.arch.ArchitectureParser;
import cntk.arch.Layer;
import cntk.arch.Network;
import cntk.backend.cpu.CpuBackend;
import cntk.dataset.ImageSet;
import cntk.dataset.ImageShape;
import cntk.plan.KernelKind;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import cntk.plan.Tile;
import cntk.plan.TilePlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * Whether a backend computes on this machine what it computed where it was tested: golden values, the same bits again and in other
 * tiles, the CPU on the same pairs. A check that throws has failed, and the next one runs.
 */
public final class GpuSelfTest {
    /** Largest relative error against golden values in float, and past {@link #DEEP} convolutions. */
    private static final double F32_ERROR = 1e-6;

    private static final double F32_DEEP_ERROR = 2e-6;
    private static final int DEEP = 11;
    private static final double F64_ERROR = 1e-12;
    private static final double LEAST_SHARE = 0.05;

    /** Pairs of images of each family of kernels: planes, plane (0,0), planes that meet, general steps. */
    private static final List<String> FAMILIES = List.of(
            "(conv relu)x4 gap dense",
            "(conv relu)x4 flatten dense",
            "conv(b=0.1) relu avgpool conv relu gap dense",
            "conv erf conv relu lap(1) gap dense");

    private final BackendStarter backend;
    private final int side;

    /**
     * @param side most pixels of an image along an axis; 32 reaches everything, less spares a slow device
     */
    public GpuSelfTest(BackendStarter backend, int side) {
        this.backend = backend;
        this.side = side;
    }

    /** Something to look at. */
    @FunctionalInterface
    private interface Body {
        SelfCheck run(String name) throws InterruptedException;
    }

    /** Packaged golden files, both kernels, both precisions. */
    public List<SelfCheck> goldenValues() throws InterruptedException {
        List<SelfCheck> checks = new ArrayList<>();
        for (String file : GoldenKernel.NAMES) {
            GoldenKernel golden = GoldenKernel.load(file);
            for (Precision precision : Precision.values()) {
                String name = "golden " + file + " " + precision.word();
                checks.add(
                        golden.network().input().width() <= side
                                ? check(name, title -> golden(title, golden, precision))
                                : SelfCheck.skipped(
                                        name, "images wider than " + side + " pixels take this device too long"));
            }
        }
        return checks;
    }

    private SelfCheck golden(String name, GoldenKernel golden, Precision precision) throws InterruptedException {
        double worst = 0;
        for (KernelKind kind : golden.kernels().keySet()) {
            KernelTask task = KernelTask.of(golden.network(), kind);
            double[] actual = matrix(task, precision, golden.rows(), golden.cols(), Integer.MAX_VALUE);
            worst = Math.max(worst, largestDifference(actual, golden.kernels().get(kind)));
        }
        return within(name, worst, allowed(golden.network(), precision));
    }

    private static double allowed(Network network, Precision precision) {
        long convolutions =
                Layer.all(network.layers()).filter(Layer.Conv.class::isInstance).count();
        return precision == Precision.F64 ? F64_ERROR : convolutions < DEEP ? F32_ERROR : F32_DEEP_ERROR;
    }

    /** Two runs and two batch sizes (tiles of all pairs, of one pair, of 3 x 3) give the same bits. */
    public List<SelfCheck> determinism() throws InterruptedException {
        List<SelfCheck> checks = new ArrayList<>();
        for (String family : FAMILIES) {
            for (Precision precision : Precision.values()) {
                checks.add(check(
                        "same bits " + family + " " + precision.word(), name -> sameBits(name, family, precision)));
            }
        }
        return checks;
    }

    private SelfCheck sameBits(String name, String family, Precision precision) throws InterruptedException {
        KernelTask task = task(family);
        int count = 5;
        ImageSet images = SmoothImages.of("self-test", task.input(), count, 1);
        double[] first = matrix(task, precision, images, images, count);
        boolean finite = Arrays.stream(first).allMatch(Double::isFinite);
        boolean again = Arrays.equals(first, matrix(task, precision, images, images, count));
        boolean small = Arrays.equals(first, matrix(task, precision, images, images, 1));
        boolean uneven = Arrays.equals(first, matrix(task, precision, images, images, 3));
        return SelfCheck.of(
                name,
                finite && again && small && uneven,
                finite
                        ? "a second run " + same(again) + ", tiles of one pair " + same(small) + ", tiles of 3 x 3 "
                                + same(uneven)
                        : "entries are not finite");
    }

    private static String same(boolean equal) {
        return equal ? "the same" : "OTHER BITS";
    }

    /** The CPU backend on the same pairs; each of the two may err by the target of its precision. */
    public List<SelfCheck> againstCpu() throws InterruptedException {
        List<SelfCheck> checks = new ArrayList<>();
        for (String family : FAMILIES) {
            for (Precision precision : Precision.values()) {
                checks.add(check("as the CPU " + family + " " + precision.word(), name -> {
                    KernelTask task = task(family);
                    ImageSet rows = SmoothImages.of("rows", task.input(), 3, 2);
                    ImageSet cols = SmoothImages.of("columns", task.input(), 5, 3);
                    double[] actual = matrix(task, precision, rows, cols, Integer.MAX_VALUE);
                    double[] cpu = matrix(
                            (of, with) -> new CpuBackend(of, with, 1), task, precision, rows, cols, Integer.MAX_VALUE);
                    return within(
                            name,
                            largestDifference(actual, cpu),
                            2 * allowed(task.networks().getFirst(), precision));
                }));
            }
        }
        return checks;
    }

    /**
     * Whether a measured time can be one: as the CPU computed, and between a twentieth of the peak and the peak. A GPU reaches about
     * half of it (*estimate*); far less is a fault of the machine or of this build, more is a clock that does not run.
     */
    public static SelfCheck timing(GpuBenchmark.Result result, OptionalDouble peak) {
        String name = "timing " + result.network().architecture().text() + " "
                + result.precision().word();
        double difference = result.largestDifference();
        OptionalDouble share = result.peakShare(peak);
        boolean right = difference <= 2 * allowed(result.network(), result.precision());
        boolean plausible = share.isEmpty() || (share.getAsDouble() > LEAST_SHARE && share.getAsDouble() < 1);
        return SelfCheck.of(
                name,
                right && plausible && result.medianSecondsPerPair() > 0,
                String.format(
                        Locale.ROOT,
                        "%.4g us per pair, %s, %.1e from the CPU",
                        result.medianSecondsPerPair() * 1e6,
                        share.isEmpty()
                                ? "share of the peak unknown"
                                : String.format(Locale.ROOT, "%.0f %% of the fp32 peak", 100 * share.getAsDouble()),
                        difference));
    }

    private KernelTask task(String family) {
        return KernelTask.of(ArchitectureParser.network(family, new ImageShape(3, side, side)), KernelKind.NTK);
    }

    private static SelfCheck check(String name, Body body) throws InterruptedException {
        try {
            return body.run(name);
        } catch (RuntimeException broken) {
            return SelfCheck.of(name, false, String.valueOf(broken.getMessage()));
        }
    }

    private static SelfCheck within(String name, double error, double allowed) {
        return SelfCheck.of(
                name,
                error <= allowed,
                String.format(Locale.ROOT, "largest relative difference %.1e, allowed %.0e", error, allowed));
    }

    private double[] matrix(KernelTask task, Precision precision, ImageSet rows, ImageSet cols, int tileSide)
            throws InterruptedException {
        return matrix(backend, task, precision, rows, cols, tileSide);
    }

    /** K[rows, cols], row-major, tile by tile, by the first worker of a fresh backend. */
    private static double[] matrix(
            BackendStarter starter, KernelTask task, Precision precision, ImageSet rows, ImageSet cols, int tileSide)
            throws InterruptedException {
        double[] matrix = new double[rows.count() * cols.count()];
        int side = Math.min(tileSide, Math.max(rows.count(), cols.count()));
        try (KernelBackend started = starter.start(task, precision)) {
            TileBackend worker = started.open(rows, cols).getFirst();
            try (worker) {
                for (Tile tile : new TilePlan(rows.count(), cols.count(), side, false).tiles()) {
                    double[] out = new double[tile.entries()];
                    worker.compute(tile, out);
                    for (int row = 0; row < tile.rows(); row++) {
                        System.arraycopy(
                                out,
                                row * tile.cols(),
                                matrix,
                                (tile.rowBegin() + row) * cols.count() + tile.colBegin(),
                                tile.cols());
                    }
                }
            }
        }
        return matrix;
    }

    /** The largest |a / b - 1|; NaN if there is one. */
    static double largestDifference(double[] actual, double[] expected) {
        double largest = 0;
        for (int e = 0; e < expected.length; e++) {
            largest = Math.max(largest, Math.abs(actual[e] / expected[e] - 1));
        }
        return largest;
    }
}

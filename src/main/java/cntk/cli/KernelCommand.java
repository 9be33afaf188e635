package cntk.cli;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.backend.Backends;
import cntk.backend.DeviceSet;
import cntk.backend.cuda.CudaDriver;
import cntk.dataset.ImageSet;
import cntk.dataset.InputException;
import cntk.dataset.Npy;
import cntk.dataset.NpyType;
import cntk.dataset.NpyWriter;
import cntk.gram.GramReader;
import cntk.gram.GramSpec;
import cntk.gram.GramStore;
import cntk.gram.InMemoryGramStore;
import cntk.plan.Precision;
import cntk.plan.Shard;
import cntk.plan.TilePlan;
import cntk.plan.TileSides;
import cntk.report.Json;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cntk kernel}: NumPy arrays in, kernel matrix out. */
@Command(
        name = "kernel",
        header = "Kernel of NumPy images into a NumPy matrix.",
        customSynopsis = "cntk kernel --arch NETWORK --x X.npy [--y Y.npy] --out K.npy [OPTIONS]",
        description = {
            "Computes the kernel of every pair of images in X, or of X (rows) and Y (columns),",
            "and writes it to K. Files are NumPy arrays: float32 or float64, C order, shape",
            "[N,C,H,W] or [N,D]. Values are used as they are.",
            ""
        })
final class KernelCommand implements Callable<Integer> {
    private static final long MAX_TILE_BYTES = 2L << 20;
    /** Of the heap; the images and the tiles at work need the rest. */
    private static final double HEAP_SHARE = 0.8;

    @Spec
    private CommandSpec spec;

    @Option(names = "--arch", paramLabel = "NETWORK", required = true, description = "Text or a .json file.")
    private String arch;

    @Option(names = "--x", paramLabel = "X.npy", required = true, description = "Images of the rows.")
    private Path x;

    @Option(
            names = "--y",
            paramLabel = "Y.npy",
            description = "Images of the columns; default: those of X, which gives an exactly symmetric matrix.")
    private @Nullable Path y;

    @Option(
            names = "--out",
            paramLabel = "K.npy",
            required = true,
            description = "The matrix: float32 for f32, float64 for f64 and the oracle.")
    private Path out;

    @Mixin
    private ComputeOptions compute;

    @Option(names = "--json", description = "Print what was computed as one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        PrintWriter err = spec.commandLine().getErr();
        int threads = compute.threads();
        ImageSet rows = Npy.readImages(x);
        ImageSet cols = y == null ? rows : Npy.readImages(y);
        if (!rows.shape().equals(cols.shape())) {
            throw new InputException(cols.name() + " has images of " + cols.shape() + ", but those of " + rows.name()
                    + " are of " + rows.shape());
        }
        Network network = ArchitectureParser.network(arch, rows.shape());
        compute.kind.requireOf(network);
        String note = ComputeOptions.note(compute.backend, compute.precision);
        if (note != null) {
            err.println("cntk: " + note);
        }
        DeviceSet devices = DeviceChoice.of(compute.backend, compute.devices(), CudaDriver.find())
                .kernel();
        GramSpec gram = gramSpec(devices, network, rows, cols);
        requireHeap(gram);
        NpyWriter.open(out, NpyType.F32, 1, 1).close(); // a place that cannot be written is found before the work
        Backends.Picked picked = Backends.pick(devices, compute.task(network), gram.precision(), threads);
        if (devices.mixed()) {
            err.println("cntk: warning: " + ComputeOptions.TWO_ARITHMETICS);
        }
        MatrixStage stage = compute(gram, picked, rows, cols, err);
        print(network, gram, picked, threads, stage);
        return ExitCodes.RIGHT.code();
    }

    private MatrixStage compute(GramSpec gram, Backends.Picked picked, ImageSet rows, ImageSet cols, PrintWriter err) {
        try (KernelSession session = new LocalSession(picked);
                ProgressPrinter printer = ProgressPrinter.start(gram.plan().pairs(), err);
                StopGuard guard = StopGuard.start(() -> printer.say("stopped, nothing was written"));
                GramStore store = new InMemoryGramStore(gram)) {
            printer.say(session);
            MatrixStage stage = new MatrixStage(session, guard, printer, Shard.ALL);
            stage.complete(new StoredMatrix(store, List.of(), rows, cols));
            write(store, guard);
            return stage;
        }
    }

    private GramSpec gramSpec(DeviceSet devices, Network network, ImageSet rows, ImageSet cols) {
        Precision precision = compute.backend.precision(compute.precision.of(network));
        double nanos = devices.nanosPerPair(network, precision);
        boolean symmetric = rows == cols;
        int side = TileSides.choose(nanos, rows.count(), cols.count(), symmetric, MAX_TILE_BYTES);
        TilePlan plan = new TilePlan(rows.count(), cols.count(), side, symmetric);
        return new GramSpec(
                plan, precision, compute.kind, network.architecture().id());
    }

    private static void requireHeap(GramSpec gram) {
        double bytes = (double) gram.plan().pairs() * gram.precision().bytes();
        long heap = Runtime.getRuntime().maxMemory();
        if (bytes > HEAP_SHARE * heap) {
            throw new InputException(String.format(
                    Locale.ROOT,
                    "the matrix takes %.1f GiB, but the Java heap is %.1f GiB\nhint: CNTK_JAVA_OPTS=-Xmx%.0fg makes it larger",
                    bytes / (1 << 30),
                    (double) heap / (1 << 30),
                    Math.ceil(bytes / HEAP_SHARE / (1 << 30)) + 1));
        }
    }

    private void write(GramStore store, StopGuard guard) {
        TilePlan plan = store.plan();
        NpyType type = store.spec().precision() == Precision.F32 ? NpyType.F32 : NpyType.F64;
        try (NpyWriter writer = NpyWriter.open(out, type, plan.rows(), plan.cols())) {
            new GramReader(store).forEachRowBlock((rowBegin, rowEnd, values) -> {
                guard.check();
                for (int row = 0; row < rowEnd - rowBegin; row++) {
                    writer.writeRow(Arrays.copyOfRange(values, row * plan.cols(), (row + 1) * plan.cols()));
                }
            });
            writer.commit();
        }
    }

    private void print(Network network, GramSpec gram, Backends.Picked picked, int threads, MatrixStage stage) {
        PrintWriter page = spec.commandLine().getOut();
        TilePlan plan = gram.plan();
        String type = gram.precision() == Precision.F32 ? "float32" : "float64";
        double rate = stage.computedPairs() / stage.seconds();
        if (json) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("out", out.toString());
            fields.put("rows", plan.rows());
            fields.put("cols", plan.cols());
            fields.put("symmetric", plan.symmetric());
            fields.put("dtype", type);
            fields.put("kind", gram.kind().word());
            fields.put("flip", compute.flip);
            fields.put("unit_diagonal", compute.unitDiagonal);
            fields.put("precision", gram.precision().word());
            fields.put("pairs", plan.pairs());
            fields.put("kernel_seconds", stage.seconds());
            fields.put("pairs_per_second", rate);
            fields.put("backend", picked.backend().name());
            fields.put("backend_reason", picked.reason());
            fields.put("threads", threads);
            fields.put("network", network.architecture().text());
            fields.put("network_id", network.architecture().id());
            page.println(Json.text(fields));
        } else {
            page.printf(
                    Locale.ROOT,
                    "%s: %s kernel of %s, %d x %d %s%s, %,d pairs in %.2f s, %,.0f pairs/s%n",
                    out,
                    gram.kind().word(),
                    network.architecture().text(),
                    plan.rows(),
                    plan.cols(),
                    type,
                    plan.symmetric() ? ", symmetric" : "",
                    plan.pairs(),
                    stage.seconds(),
                    rate);
        }
        page.flush();
    }
}

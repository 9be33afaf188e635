package cntk.cli;

import cntk.arch.ArchitectureParser;
import cntk.backend.GpuBenchmark;
import cntk.backend.GpuBenchmark.Load;
import cntk.backend.GpuSelfTest;
import cntk.backend.SelfCheck;
import cntk.backend.cuda.EventStopwatch;
import cntk.backend.cuda.KernelCost;
import cntk.backend.cuda.KernelCost.Estimate;
import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import cntk.plan.KernelKind;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import cntk.report.BenchmarkFile;
import cntk.report.Json;
import cntk.solve.CudaSolverBenchmark;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cntk bench gpu}. */
@Command(
        name = "gpu",
        description = {
            "Measures a GPU: time per pair by CUDA events, share of its fp32 peak, the CPU on the same pairs, cuSOLVER; the results go",
            "to a file. --selftest checks it: golden values, determinism, the CPU, the solver, timing. --model needs no GPU: it counts",
            "the instructions of the compiled kernels and estimates times from the data sheets of three cards."
        })
final class BenchGpuCommand implements Callable<Integer> {
    private static final int CHANNELS = 3;
    private static final int MOST_LAYERS = 63;
    private static final int SMOKE_SIDE = 16;
    private static final List<String> NETWORKS =
            List.of("cntk(depth=11,readout=gap)", "cntk(depth=21,readout=flatten)", "myrtle5");
    private static final List<String> SMOKE_NETWORKS =
            List.of("cntk(depth=3,readout=gap)", "cntk(depth=3,readout=flatten)");
    private static final List<Integer> SOLVER_SIZES = List.of(10_000, 30_000, 50_000);
    private static final List<Integer> SMOKE_SOLVER_SIZES = List.of(100, 200);

    @Spec
    private CommandSpec spec;

    @Option(names = "--model", description = "Count instructions and estimate; runs nothing on a GPU.")
    private boolean model;

    @Option(names = "--selftest", description = "Check the GPU; exit code 1 if something is wrong.")
    private boolean selftest;

    @Option(
            names = "--layers",
            paramLabel = "N",
            defaultValue = "10",
            description = "Of --model: convolutions with ReLU; default: ${DEFAULT-VALUE}.")
    private int layers;

    @Option(
            names = "--device",
            paramLabel = "D",
            defaultValue = "0",
            description = "Number of the GPU, as in cntk devices; default: ${DEFAULT-VALUE}.")
    private int device;

    @Option(
            names = "--arch",
            paramLabel = "NETWORK",
            description = "Text or a .json file; default: a gap, a flatten and a pooling network.")
    private @Nullable String arch;

    @Option(
            names = "--shape",
            paramLabel = "CxHxW",
            converter = Words.OfShape.class,
            description = "Channels, height and width of the images; default: 3x32x32.")
    private @Nullable ImageShape shape;

    @Option(
            names = "--precision",
            paramLabel = "auto|f32|f64",
            defaultValue = "f32",
            converter = Words.OfPrecision.class,
            description = "Arithmetic of the planes; default: ${DEFAULT-VALUE}.")
    private Words.PrecisionChoice precision;

    @Option(
            names = "--repeats",
            paramLabel = "N",
            defaultValue = "7",
            description = "Timed tiles, of which the median is reported; default: ${DEFAULT-VALUE}.")
    private int repeats;

    @Option(
            names = "--solver-sizes",
            paramLabel = "N",
            split = ",",
            description = "Sizes of the matrices for cuSOLVER, 0 for none; default: 10000,30000,50000, those that fit.")
    private @Nullable List<Integer> solverSizes;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Folder of the results; default: bench/results in a checkout of the sources, for real GPUs.")
    private @Nullable Path folder;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() throws InterruptedException {
        check();
        if (model) {
            return printModel();
        }
        GpuUnderTest gpu = GpuUnderTest.find(device);
        GpuBenchOutput found = new GpuBenchOutput(gpu);
        if (gpu.virtual()) {
            spec.commandLine().getErr().println("cntk: " + GpuBenchOutput.VIRTUAL_NOTE);
        }
        if (selftest) {
            selfTest(gpu, found);
        } else {
            measure(gpu, found);
            solve(gpu, found);
        }
        print(found);
        store(gpu, found);
        return (found.failed() == 0 ? ExitCodes.RIGHT : ExitCodes.FAILED).code();
    }

    private void check() {
        if (model && selftest) {
            throw new ParameterException(spec.commandLine(), "--model and --selftest exclude each other");
        }
        if (layers < 1 || layers > MOST_LAYERS) {
            throw new InputException("--layers is " + layers + ", but must be from 1 to " + MOST_LAYERS);
        }
        if (repeats < 1) {
            throw new InputException("--repeats is " + repeats + ", but must be at least 1");
        }
        if (solverSizes != null && solverSizes.stream().anyMatch(n -> n < 0)) {
            throw new InputException("--solver-sizes has a negative number: " + solverSizes);
        }
    }

    private int printModel() {
        List<Estimate> estimates = KernelCost.estimates(layers, CHANNELS);
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            GpuModelOutput.json(estimates, layers, out);
        } else {
            GpuModelOutput.text(estimates, layers, CHANNELS, out);
        }
        out.flush();
        return ExitCodes.RIGHT.code();
    }

    private void measure(GpuUnderTest gpu, GpuBenchOutput found) throws InterruptedException {
        List<String> networks = arch != null ? List.of(arch) : gpu.virtual() ? SMOKE_NETWORKS : NETWORKS;
        int side = gpu.virtual() ? SMOKE_SIDE : 32;
        ImageShape images = shape != null ? shape : new ImageShape(CHANNELS, side, side);
        try (EventStopwatch watch = new EventStopwatch(gpu.info())) {
            for (String text : networks) {
                KernelTask task = KernelTask.of(ArchitectureParser.network(text, images), KernelKind.NTK);
                Precision with = precision.of(task.networks().getFirst());
                Load load =
                        gpu.virtual() ? Load.smoke() : Load.of(task.networks().getFirst(), repeats);
                found.add(new GpuBenchmark(task, with, gpu.starter(), watch).run(load));
            }
        }
    }

    private void solve(GpuUnderTest gpu, GpuBenchOutput found) {
        List<Integer> usual = gpu.virtual() ? SMOKE_SOLVER_SIZES : SOLVER_SIZES;
        CudaSolverBenchmark solver = new CudaSolverBenchmark(gpu.info());
        for (int n : solverSizes != null ? solverSizes : usual) {
            if (n > 0) {
                found.add(solver.run(n));
            }
        }
    }

    /** Prints each group of checks as soon as it is there. */
    private void selfTest(GpuUnderTest gpu, GpuBenchOutput found) throws InterruptedException {
        GpuSelfTest test = new GpuSelfTest(gpu.starter(), gpu.virtual() ? SMOKE_SIDE : 32);
        report(found, test.goldenValues());
        report(found, test.determinism());
        report(found, test.againstCpu());
        report(found, List.of(solverCheck(gpu)));
        if (gpu.virtual()) {
            report(found, List.of(SelfCheck.skipped("timing", GpuBenchOutput.VIRTUAL_NOTE)));
        } else {
            measure(gpu, found);
            report(found, found.timings());
        }
    }

    private void report(GpuBenchOutput found, List<SelfCheck> checks) {
        found.add(checks);
        if (!json) {
            PrintWriter out = spec.commandLine().getOut();
            checks.forEach(check -> out.println(GpuBenchOutput.text(check)));
            out.flush();
        }
    }

    private static SelfCheck solverCheck(GpuUnderTest gpu) {
        int n = 500;
        String name = "cuSOLVER n = " + n;
        try {
            CudaSolverBenchmark.Outcome outcome = new CudaSolverBenchmark(gpu.info()).run(n);
            return outcome.timing()
                    .map(timing ->
                            SelfCheck.of(name, timing.right(), "backward error %.1e".formatted(timing.backwardError())))
                    .orElseGet(() -> SelfCheck.skipped(name, outcome.skipped().orElse("")));
        } catch (RuntimeException broken) {
            return SelfCheck.of(name, false, String.valueOf(broken.getMessage()));
        }
    }

    private void print(GpuBenchOutput found) {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(Json.text(found.fields()));
        } else {
            found.text(out);
        }
        if (!json && selftest) {
            out.println(found.verdict());
        }
        out.flush();
    }

    /** Times of virtual GPUs are kept only where somebody names a folder. */
    private void store(GpuUnderTest gpu, GpuBenchOutput found) {
        Optional<Path> place = folder != null || gpu.virtual() ? Optional.ofNullable(folder) : SourceCheckout.results();
        String name = selftest ? "gpu-selftest" : "gpu";
        place.map(where -> BenchmarkFile.write(
                        where, gpu.info().name(), name, LocalDateTime.now(ZoneId.systemDefault()), found.fields()))
                .ifPresentOrElse(
                        file -> spec.commandLine().getErr().println("cntk: results in " + file),
                        () -> spec.commandLine().getErr().println("cntk: no file of results; --out DIR writes one"));
    }
}

package cntk.cli;

import cntk.backend.Backends;
import cntk.backend.DeviceSet;
import cntk.backend.KernelBackend;
import cntk.backend.RateProbe;
import cntk.backend.cuda.CudaDriver;
import cntk.dataset.Augmentation;
import cntk.dataset.DataSplit;
import cntk.dataset.InputException;
import cntk.dataset.Normalization;
import cntk.dataset.Preprocessing;
import cntk.dataset.RawSplit;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import cntk.report.Json;
import cntk.solve.MemoryShortageException;
import cntk.solve.OpenBlas;
import cntk.solve.SolveProbe;
import cntk.solve.SolverChoice;
import cntk.solve.SolverPlace;
import cntk.solve.ZcaWhitening;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code cntk plan}: what a run would take; computes and writes nothing. */
@Command(
        name = "plan",
        header = "What a run would take: tiles, disk, memory, time.",
        customSynopsis = "cntk plan [OPTIONS]",
        description = {
            "Takes the options of cntk run and writes nothing. Times are estimates: from a measurement of a few",
            "seconds on this machine, or with --gpus from the cost model of the CUDA kernels and from assumptions",
            "about nodes, store and price, which the plan lists. --train and --test may exceed the data, of which",
            "then only the shape counts.",
            ""
        })
final class PlanCommand extends RunCommand {
    /** Of one call of the measurement. */
    private static final double PROBE_NANOS = 4e8;

    private static final int LARGEST_PROBE = 256;

    @Option(
            names = "--gpus",
            paramLabel = "N",
            description = "Plan for N GPUs in nodes around a shared store instead of this machine.")
    private @Nullable Integer gpus;

    @Option(
            names = "--gpu",
            paramLabel = "h100|a100|rtx4090",
            defaultValue = "h100",
            converter = Words.OfCard.class,
            completionCandidates = Words.OfCard.class,
            description = "Kind of the GPUs of --gpus; default: ${DEFAULT-VALUE}.")
    private GpuEstimate.Card card;

    @Option(names = "--price", paramLabel = "USD", description = "Of a GPU-hour, short for --assume price=USD.")
    private @Nullable Double price;

    @Option(
            names = "--assume",
            paramLabel = "NAME=VALUE",
            split = ",",
            description = "Other assumptions of a plan with --gpus, by the names that the plan lists.")
    private Map<String, Double> assumed = new LinkedHashMap<>();

    @Override
    public Integer call() throws InterruptedException {
        check();
        RunRequest request = request();
        RawSplit raw = DataLocation.read(request.data());
        KernelTask task =
                RunPlan.task(request, RunPlan.networkList(request, raw.train().shape()));
        ClusterPlan.Size size = new ClusterPlan.Size(
                Math.multiplyExact(
                        request.preprocessing().augmentation().factor(),
                        request.train().orElse(raw.train().count())),
                request.test().orElse(raw.test().count()),
                raw.train().labels().classes());
        return gpus == null ? onThisMachine(request, task, size, raw) : onGpus(gpus, request, task, size, raw);
    }

    private void check() {
        if (gpus == null && (price != null || !assumed.isEmpty())) {
            throw new InputException("--price and --assume are for --gpus N, which is missing");
        }
        if (gpus != null && gpus < 1) {
            throw new InputException("--gpus is " + gpus + ", expected at least 1");
        }
    }

    private int onGpus(int count, RunRequest request, KernelTask task, ClusterPlan.Size size, RawSplit raw) {
        Map<String, Double> given = new LinkedHashMap<>(assumed);
        if (price != null) {
            given.put(Assumption.PRICE.word(), price);
        }
        ClusterPlan plan = ClusterPlan.of(request, task, size, count, card, Assumptions.of(card, given));
        ClusterPage page = new ClusterPage(task, plan, raw.train().count());
        return print(page.fields(), page.lines(), plan.obstacles());
    }

    private int onThisMachine(RunRequest request, KernelTask task, ClusterPlan.Size size, RawSplit raw)
            throws InterruptedException {
        CudaDriver driver = CudaDriver.find();
        DeviceChoice chosen = DeviceChoice.of(request.backend(), request.devices(), driver);
        SolverPlace solver = SolverPlace.pick(
                request.solver(),
                chosen.solver(),
                driver.absence().orElse("no GPU is named"),
                size.train(),
                size.classes());
        RunDemand demand =
                RunPlan.demand(request, chosen.kernel(), solver, task, size.train(), size.test(), size.classes());
        PlannedTimes times = measured(request, chosen.kernel(), task, raw, demand);
        List<String> obstacles = obstacles(request, demand);
        PlanPage page = new PlanPage(
                request, task, demand, times, obstacles, raw.train().count());
        return print(page.fields(), page.lines(), obstacles);
    }

    private int print(Map<String, Object> fields, List<String> lines, List<String> obstacles) {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(Json.text(fields));
        } else {
            lines.forEach(out::println);
        }
        out.flush();
        PrintWriter err = spec.commandLine().getErr();
        obstacles.forEach(obstacle -> err.println("cntk: " + obstacle));
        err.flush();
        return obstacles.isEmpty() ? ExitCodes.RIGHT.code() : ExitCodes.FAILED.code();
    }

    /** What would keep the run from starting, with the numbers. */
    private static List<String> obstacles(RunRequest request, RunDemand demand) {
        List<String> obstacles = new ArrayList<>();
        try {
            demand.requireMemory();
        } catch (MemoryShortageException shortage) {
            obstacles.add(String.valueOf(shortage.getMessage()));
        }
        try {
            demand.requireDisk(request.out().orElse(Path.of("runs")));
        } catch (InputException full) {
            obstacles.add(String.valueOf(full.getMessage()));
        }
        return obstacles;
    }

    private static PlannedTimes measured(
            RunRequest request, DeviceSet devices, KernelTask task, RawSplit raw, RunDemand demand)
            throws InterruptedException {
        Precision precision = demand.precision();
        double nanos =
                RunPlan.nanosPerPair(request, devices, task, demand.train().rows());
        int side = Math.clamp((int) Math.sqrt(PROBE_NANOS / nanos), 1, LARGEST_PROBE);
        Preprocessing standard =
                new Preprocessing(Normalization.STANDARD, Preprocessing.DEFAULT_ZCA_EPS, Augmentation.NONE);
        DataSplit few = raw.prepare(
                standard,
                OptionalInt.of(Math.min(side, raw.train().count())),
                OptionalInt.of(Math.min(side, raw.test().count())),
                new ZcaWhitening());
        Backends.Picked picked = Backends.pick(devices, task, precision, request.threads());
        try (KernelBackend backend = picked.backend()) {
            double pairsPerSecond = RateProbe.pairsPerSecond(backend, few.test(), few.train());
            double flops = request.solver() == SolverChoice.PCG
                    ? Double.NaN
                    : SolveProbe.flopsPerSecond(OpenBlas.load(), request.threads());
            return new PlannedTimes(
                    backend.name() + ", " + backend.description() + ", measured in the last seconds",
                    pairsPerSecond,
                    demand.pairs() / pairsPerSecond,
                    demand.kernels() * SolveProbe.flops(demand.train().rows()) / flops,
                    flops);
        }
    }
}

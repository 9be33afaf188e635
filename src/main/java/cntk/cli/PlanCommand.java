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
import cntk.solve.SolverPlace;
import cntk.solve.ZcaWhitening;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
            "seconds on this machine, or with --gpus from the cost model of the CUDA kernels. --train and --test may",
            "exceed the data, of which then only the shape counts.",
            ""
        })
final class PlanCommand extends RunCommand {
    /** Of one call of the measurement. */
    private static final double PROBE_NANOS = 4e8;

    private static final int LARGEST_PROBE = 256;

    @Option(names = "--gpus", paramLabel = "N", description = "Times on N GPUs instead of this machine.")
    private @Nullable Integer gpus;

    @Option(
            names = "--gpu",
            paramLabel = "h100|a100|rtx4090",
            defaultValue = "h100",
            converter = Words.OfCard.class,
            completionCandidates = Words.OfCard.class,
            description = "Kind of the GPUs of --gpus; default: ${DEFAULT-VALUE}.")
    private GpuEstimate.Card card;

    @Override
    public Integer call() throws InterruptedException {
        if (gpus != null && gpus < 1) {
            throw new InputException("--gpus is " + gpus + ", expected at least 1");
        }
        RunRequest request = request();
        RawSplit raw = DataLocation.read(request.data());
        KernelTask task =
                RunPlan.task(request, RunPlan.networkList(request, raw.train().shape()));
        int train = Math.multiplyExact(
                request.preprocessing().augmentation().factor(),
                request.train().orElse(raw.train().count()));
        int test = request.test().orElse(raw.test().count());
        int classes = raw.train().labels().classes();
        RunDemand demand;
        PlannedTimes times;
        if (gpus == null) {
            CudaDriver driver = CudaDriver.find();
            DeviceChoice chosen = DeviceChoice.of(request.backend(), request.devices(), driver);
            SolverPlace solver = SolverPlace.pick(
                    request.solver(), chosen.solver(), driver.absence().orElse("no GPU is named"), train, classes);
            demand = RunPlan.demand(request, chosen.kernel(), solver, task, train, test, classes);
            times = onThisMachine(request, chosen.kernel(), task, raw, demand);
        } else {
            GpuEstimate estimate = GpuEstimate.of(task, card);
            demand = RunPlan.demand(
                    request, SolverPlace.cpu("planned"), task, train, test, classes, 1e3 * estimate.worstMicros());
            times = onGpus(gpus, estimate, demand);
        }
        List<String> obstacles = gpus == null ? obstacles(request, demand) : List.of();
        PlanPage page = new PlanPage(
                request, task, demand, times, obstacles, raw.train().count());
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(Json.text(page.fields()));
        } else {
            page.lines().forEach(out::println);
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

    private static PlannedTimes onThisMachine(
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
            double flops = SolveProbe.flopsPerSecond(OpenBlas.load(), request.threads());
            return new PlannedTimes(
                    backend.name() + ", " + backend.description() + ", measured in the last seconds",
                    pairsPerSecond,
                    pairsPerSecond,
                    demand.pairs() / pairsPerSecond,
                    demand.pairs() / pairsPerSecond,
                    demand.kernels() * SolveProbe.flops(demand.train().rows()) / flops,
                    flops);
        }
    }

    private static PlannedTimes onGpus(int count, GpuEstimate estimate, RunDemand demand) {
        double best = count * 1e6 / estimate.bestMicros();
        double worst = count * 1e6 / estimate.worstMicros();
        return new PlannedTimes(
                count + " x " + estimate.card() + ", cost model of the CUDA kernels; nothing ran on a GPU",
                worst,
                best,
                demand.pairs() / best,
                demand.pairs() / worst,
                Double.NaN,
                Double.NaN);
    }
}

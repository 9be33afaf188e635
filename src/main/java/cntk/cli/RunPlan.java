package cntk.cli;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.arch.NetworkVariants;
import cntk.backend.KernelDevices;
import cntk.backend.cuda.CudaDriver;
import cntk.dataset.DataSplit;
import cntk.dataset.ImageShape;
import cntk.dataset.RawSplit;
import cntk.gram.GramManifest;
import cntk.gram.GramSpec;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import cntk.plan.TilePlan;
import cntk.plan.TileSides;
import cntk.solve.ConjugateGradients;
import cntk.solve.KernelRidge;
import cntk.solve.SolverChoice;
import cntk.solve.SolverPlace;
import cntk.solve.ZcaWhitening;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A {@link RunRequest} that was held against the data and the networks: everything is decided, nothing computed.
 *
 * @param site what computes the kernel
 * @param solver where the regression is solved
 * @param targets the main network, then those of {@code --readouts}
 */
record RunPlan(RunRequest request, KernelSite site, SolverPlace solver, DataSplit split, List<RunTarget> targets) {
    private static final long MAX_TILE_BYTES = 2L << 20;
    /**
     * Training images up to which {@code --precision auto} may take doubles: beyond, the triangle alone would be more than a
     * gigabyte and the kernel hours, while floats change no prediction that was looked at (decisions/0012).
     */
    private static final int LARGEST_DOUBLE = 16384;

    /** Reads the images and fits the networks to them. */
    static RunPlan of(RunRequest request, KernelEngine engine) {
        CudaDriver driver = CudaDriver.find();
        KernelSite chosen = engine.choose(request.backend(), request.devices());
        RawSplit raw = DataLocation.read(request.data());
        ImageShape shape = raw.train().shape();
        Map<String, Network> networks = networks(request, shape);
        KernelTask task = task(request, List.copyOf(networks.values()));
        int train = Math.multiplyExact(
                request.preprocessing().augmentation().factor(),
                Math.min(raw.train().count(), request.train().orElse(Integer.MAX_VALUE)));
        int test = Math.min(raw.test().count(), request.test().orElse(Integer.MAX_VALUE));
        int classes = raw.train().labels().classes();
        SolverPlace solver = SolverPlace.pick(
                request.solver(), chosen.solver(), driver.absence().orElse("--devices names no GPU"), train, classes);
        RunDemand demand = demand(request, chosen.kernel(), solver, task, train, test, classes);
        demand.requireMemory();
        DataSplit split = raw.prepare(request.preprocessing(), request.train(), request.test(), new ZcaWhitening());
        String sweep = task.networks().stream()
                .map(network -> network.architecture().id())
                .sorted()
                .collect(Collectors.joining(" "));
        List<RunTarget> targets = new ArrayList<>();
        networks.forEach((label, network) -> targets.add(
                new RunTarget(label, network, manifest(request, chosen.kernel(), split, network, sweep, demand))));
        return new RunPlan(request, chosen, solver, split, targets);
    }

    /** The networks of a request, the main one first. */
    static List<Network> networkList(RunRequest request, ImageShape shape) {
        return List.copyOf(networks(request, shape).values());
    }

    /** Tiles, bytes and memory for that many images. */
    static RunDemand demand(
            RunRequest request,
            KernelDevices devices,
            SolverPlace solver,
            KernelTask task,
            int train,
            int test,
            int classes) {
        Means means = new Means(
                solver,
                request.solver() == SolverChoice.PCG,
                request.threads(),
                nanosPerPair(request, devices, task, train));
        return demand(request, means, task, train, test, classes);
    }

    /** What a pair is estimated to take on a worker. */
    static double nanosPerPair(RunRequest request, KernelDevices devices, KernelTask task, int train) {
        Precision precision = precision(request, task, train);
        return task.networks().stream()
                .mapToDouble(network -> devices.nanosPerPair(network, precision))
                .max()
                .orElseThrow();
    }

    /**
     * What a run is carried out with.
     *
     * @param iterative whether the matrix is not factorised but streamed
     * @param threads that solve
     * @param nanosPerPair that a worker is estimated to take: the tiles follow from it
     */
    record Means(SolverPlace solver, boolean iterative, int threads, double nanosPerPair) {}

    /** The same with those means. */
    static RunDemand demand(RunRequest request, Means means, KernelTask task, int train, int test, int classes) {
        int trainSide = TileSides.choose(means.nanosPerPair(), train, train, true, MAX_TILE_BYTES);
        int crossSide = TileSides.choose(means.nanosPerPair(), test, train, false, MAX_TILE_BYTES);
        return RunDemand.of(
                task,
                new TilePlan(train, train, trainSide, true),
                new TilePlan(test, train, crossSide, false),
                precision(request, task, train),
                means.threads(),
                means.iterative() ? SolverChoice.PCG.word() : KernelRidge.solver(train, means.solver()),
                means.iterative()
                        ? ConjugateGradients.bytes(
                                train, classes, request.pcg().rank(train), TileSides.LARGEST, means.threads())
                        : KernelRidge.matrixBytes(train, means.solver()));
    }

    /** By label; the main network first, and not again among the readouts. */
    private static Map<String, Network> networks(RunRequest request, ImageShape shape) {
        Network main = ArchitectureParser.network(request.arch(), shape);
        Map<String, Network> networks = new LinkedHashMap<>();
        networks.put("", main);
        if (request.readouts().isPresent()) {
            for (NetworkVariants.Variant variant :
                    NetworkVariants.parse(request.arch(), request.readouts().get(), shape)) {
                if (!variant.network().layers().equals(main.layers())) {
                    networks.put(variant.label(), variant.network());
                }
            }
        }
        return networks;
    }

    /** One precision for all, as they come from one sweep: double where only plane (0,0) is read by all of them. */
    static Precision precision(RunRequest request, KernelTask task, int train) {
        boolean large = request.precision() == Words.PrecisionChoice.AUTO && train > LARGEST_DOUBLE;
        boolean anyFloat = large
                || task.networks().stream()
                        .anyMatch(network -> request.precision().of(network) == Precision.F32);
        return request.backend().precision(anyFloat ? Precision.F32 : Precision.F64);
    }

    private static GramManifest manifest(
            RunRequest request,
            KernelDevices devices,
            DataSplit split,
            Network network,
            String sweep,
            RunDemand demand) {
        return new GramManifest(
                network.architecture().text(),
                network.architecture().id(),
                request.kind(),
                sweep,
                request.flip(),
                request.unitDiagonal(),
                demand.precision(),
                devices.backend(),
                split.train().sha256(),
                demand.train().rows(),
                split.test().sha256(),
                demand.cross().rows(),
                request.preprocessing().normalizationText(),
                request.preprocessing().augmentation().word(),
                demand.train().side(),
                demand.cross().side(),
                Main.ManifestVersion.version(),
                DataLocation.absolute(request.data()));
    }

    /** What the run needs. */
    RunDemand demand() {
        return demand(
                request,
                site.kernel(),
                solver,
                task(),
                split.train().count(),
                split.test().count(),
                split.train().labels().classes());
    }

    KernelTask task() {
        return task(request, targets.stream().map(RunTarget::network).toList());
    }

    static KernelTask task(RunRequest request, List<Network> networks) {
        return new KernelTask(networks, request.kind(), request.flip(), request.unitDiagonal());
    }

    /** The network of {@code --arch}. */
    RunTarget main() {
        return targets.getFirst();
    }

    Precision precision() {
        return main().manifest().precision();
    }

    /** What the stored matrix train x train ({@code symmetric}) or test x train is. */
    static GramSpec spec(GramManifest manifest, boolean symmetric) {
        return new GramSpec(
                symmetric ? manifest.trainPlan() : manifest.crossPlan(),
                manifest.precision(),
                manifest.kind(),
                manifest.networkId());
    }

    /** Pairs of both matrices in the share of this shard. */
    long pairsOfShard() {
        return request.shard().pairs(main().manifest().trainPlan())
                + request.shard().pairs(main().manifest().crossPlan());
    }

    /** Pairs of both matrices. */
    long pairs() {
        return main().manifest().trainPlan().pairs()
                + main().manifest().crossPlan().pairs();
    }
}

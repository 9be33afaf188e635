package cntk.cli;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.arch.NetworkVariants;
import cntk.backend.DeviceSet;
import cntk.backend.cuda.CudaDriver;
import cntk.dataset.DataSplit;
import cntk.dataset.ImageShape;
import cntk.dataset.RawSplit;
import cntk.gram.GramManifest;
import cntk.gram.GramSpec;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import cntk.plan.TileSides;
import cntk.solve.AvailableMemory;
import cntk.solve.ConjugateGradients;
import cntk.solve.NativeMatrix;
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
 * @param devices what computes the kernel
 * @param solver where the regression is solved
 * @param targets the main network, then those of {@code --readouts}
 */
record RunPlan(RunRequest request, DeviceSet devices, SolverPlace solver, DataSplit split, List<RunTarget> targets) {
    private static final long MAX_TILE_BYTES = 2L << 20;

    /** Reads the images and fits the networks to them. */
    static RunPlan of(RunRequest request) {
        CudaDriver driver = CudaDriver.find();
        DeviceChoice chosen = DeviceChoice.of(request.backend(), request.devices(), driver);
        RawSplit raw = DataLocation.read(request.data());
        ImageShape shape = raw.train().shape();
        Map<String, Network> networks = networks(request, shape);
        KernelTask task = task(request, List.copyOf(networks.values()));
        int train = Math.multiplyExact(
                request.preprocessing().augmentation().factor(),
                Math.min(raw.train().count(), request.train().orElse(Integer.MAX_VALUE)));
        requireMemory(request, train, raw.train().labels().classes());
        SolverPlace solver = SolverPlace.pick(
                request.solver(),
                chosen.solver(),
                driver.absence().orElse("--devices names no GPU"),
                train,
                raw.train().labels().classes());
        DataSplit split = raw.prepare(request.preprocessing(), request.train(), request.test(), new ZcaWhitening());
        Precision precision = precision(request, task);
        double nanos = task.networks().stream()
                .mapToDouble(network -> chosen.kernel().nanosPerPair(network, precision))
                .max()
                .orElseThrow();
        String sweep = task.networks().stream()
                .map(network -> network.architecture().id())
                .sorted()
                .collect(Collectors.joining(" "));
        List<RunTarget> targets = new ArrayList<>();
        networks.forEach((label, network) -> targets.add(new RunTarget(
                label, network, manifest(request, chosen.kernel(), split, network, sweep, precision, nanos))));
        return new RunPlan(request, chosen.kernel(), solver, split, targets);
    }

    private static void requireMemory(RunRequest request, int train, int classes) {
        boolean iterative = request.solver() == SolverChoice.PCG;
        long bytes = iterative
                ? ConjugateGradients.bytes(
                        train, classes, request.pcg().rank(train), TileSides.LARGEST, request.threads())
                : NativeMatrix.bytes(train, train);
        String purpose = iterative
                ? "the iterative solve for " + train + " training images"
                : "the solve for " + train + " training images (--solver pcg needs less)";
        AvailableMemory.require(bytes, purpose);
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
    private static Precision precision(RunRequest request, KernelTask task) {
        boolean anyFloat =
                task.networks().stream().anyMatch(network -> request.precision().of(network) == Precision.F32);
        return request.backend().precision(anyFloat ? Precision.F32 : Precision.F64);
    }

    private static GramManifest manifest(
            RunRequest request,
            DeviceSet devices,
            DataSplit split,
            Network network,
            String sweep,
            Precision precision,
            double nanos) {
        int train = split.train().count();
        int test = split.test().count();
        return new GramManifest(
                network.architecture().text(),
                network.architecture().id(),
                request.kind(),
                sweep,
                request.flip(),
                request.unitDiagonal(),
                precision,
                devices.backend(),
                split.train().sha256(),
                train,
                split.test().sha256(),
                test,
                request.preprocessing().normalizationText(),
                request.preprocessing().augmentation().word(),
                TileSides.choose(nanos, train, train, true, MAX_TILE_BYTES),
                TileSides.choose(nanos, test, train, false, MAX_TILE_BYTES),
                Main.ManifestVersion.version(),
                DataLocation.absolute(request.data()));
    }

    KernelTask task() {
        return task(request, targets.stream().map(RunTarget::network).toList());
    }

    private static KernelTask task(RunRequest request, List<Network> networks) {
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

    /** Pairs of both matrices. */
    long pairs() {
        return main().manifest().trainPlan().pairs()
                + main().manifest().crossPlan().pairs();
    }
}

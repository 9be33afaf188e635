package cntk.cli;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.backend.Backends;
import cntk.dataset.DataSplit;
import cntk.dataset.RawSplit;
import cntk.gram.GramManifest;
import cntk.gram.GramSpec;
import cntk.plan.CostModel;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import cntk.plan.TileSides;
import cntk.solve.AvailableMemory;
import cntk.solve.NativeMatrix;
import cntk.solve.ZcaWhitening;
import java.util.List;

/** A {@link RunRequest} that was held against the data and the network: everything is decided, nothing computed. */
record RunPlan(RunRequest request, DataSplit split, Network network, GramManifest manifest) {
    private static final long MAX_TILE_BYTES = 2L << 20;

    /** Reads the images and fits the network to them. */
    static RunPlan of(RunRequest request) {
        RawSplit raw = DataLocation.read(request.data());
        Network network = ArchitectureParser.network(request.arch(), raw.train().shape());
        request.kind().requireOf(network);
        int train = Math.multiplyExact(
                request.preprocessing().augmentation().factor(),
                Math.min(raw.train().count(), request.train().orElse(Integer.MAX_VALUE)));
        AvailableMemory.require(NativeMatrix.bytes(train, train), "the solve for " + train + " training images");
        DataSplit split = raw.prepare(request.preprocessing(), request.train(), request.test(), new ZcaWhitening());
        return new RunPlan(request, split, network, manifest(request, split, network));
    }

    private static GramManifest manifest(RunRequest request, DataSplit split, Network network) {
        boolean oracle = request.backend() == Backends.Choice.ORACLE;
        Precision precision = request.backend().precision(request.precision().of(network));
        double nanos = oracle ? CostModel.oracleNanosPerPair(network) : CostModel.nanosPerPair(network, precision);
        int train = split.train().count();
        int test = split.test().count();
        return new GramManifest(
                network.architecture().text(),
                network.architecture().id(),
                request.kind(),
                precision,
                oracle ? "oracle" : "cpu",
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
        return new KernelTask(List.of(network), request.kind(), request.flip(), request.unitDiagonal());
    }

    Precision precision() {
        return manifest.precision();
    }

    GramSpec trainSpec() {
        return spec(manifest, true);
    }

    GramSpec crossSpec() {
        return spec(manifest, false);
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
        return manifest.trainPlan().pairs() + manifest.crossPlan().pairs();
    }
}

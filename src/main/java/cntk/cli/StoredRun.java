package cntk.cli;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.dataset.DataSplit;
import cntk.dataset.ImageSet;
import cntk.dataset.InputException;
import cntk.dataset.Preprocessing;
import cntk.dataset.RawSplit;
import cntk.gram.GramManifest;
import cntk.gram.GramStore;
import cntk.gram.ZarrGramStore;
import cntk.plan.KernelTask;
import cntk.plan.Tile;
import cntk.solve.ZcaWhitening;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** A run as its directory tells: manifest, images, matrices; finished or not. Opening one changes nothing. */
record StoredRun(Path directory, GramManifest manifest, DataSplit split, Network network) {

    /**
     * One of its matrices.
     *
     * @param committed tiles that are there and whole
     * @param damaged files that fail their checksum
     */
    record Matrix(
            String name, GramStore store, ImageSet rows, ImageSet cols, List<Tile> committed, List<String> damaged)
            implements AutoCloseable {
        @Override
        public void close() {
            store.close();
        }
    }

    /**
     * Reads the manifest and the images that it names.
     *
     * @param movedData where the images are now; empty if they stayed where they were
     */
    static StoredRun open(Path directory, String movedData) {
        GramManifest manifest = GramManifest.read(directory);
        RawSplit raw = DataLocation.read(movedData.isEmpty() ? manifest.data() : movedData);
        Preprocessing preprocessing = Preprocessing.parse(manifest.normalization(), manifest.augmentation());
        DataSplit split = raw.prepare(
                preprocessing,
                OptionalInt.of(
                        manifest.trainCount() / preprocessing.augmentation().factor()),
                OptionalInt.of(manifest.testCount()),
                new ZcaWhitening());
        requireSame(directory, "training", manifest.trainSha256(), split.train());
        requireSame(directory, "test", manifest.testSha256(), split.test());
        Network network =
                ArchitectureParser.network(manifest.network(), raw.train().shape());
        return new StoredRun(directory, manifest, split, network);
    }

    private static void requireSame(Path directory, String role, String sha256, ImageSet images) {
        if (!sha256.equals(images.sha256())) {
            throw new InputException("the " + role + " images are not those of " + directory + ": SHA-256 is "
                    + images.sha256() + ", expected " + sha256 + "\nhint: --data DIR says where the right ones are");
        }
    }

    /** What its entries are. */
    KernelTask task() {
        return new KernelTask(List.of(network), manifest.kind(), manifest.flip(), manifest.unitDiagonal());
    }

    /** The matrices that were begun; train x train, then test x train. */
    List<Matrix> matrices() {
        List<Matrix> matrices = new ArrayList<>();
        if (Files.exists(directory.resolve(RunFolders.TRAIN))) {
            matrices.add(matrix(RunFolders.TRAIN, true, split.train()));
        }
        if (Files.exists(directory.resolve(RunFolders.CROSS))) {
            matrices.add(matrix(RunFolders.CROSS, false, split.test()));
        }
        return matrices;
    }

    private Matrix matrix(String name, boolean symmetric, ImageSet rows) {
        List<String> damaged = new ArrayList<>();
        GramStore store = ZarrGramStore.openReadOnly(
                directory.resolve(name), RunPlan.spec(manifest, symmetric), (tile, file, reason) -> damaged.add(file));
        Set<Tile> missing = new HashSet<>(store.missing());
        List<Tile> committed = store.plan().tiles().stream()
                .filter(tile -> !missing.contains(tile))
                .toList();
        return new Matrix(name, store, rows, split.train(), committed, damaged);
    }
}

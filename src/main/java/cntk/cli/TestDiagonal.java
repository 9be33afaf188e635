package cntk.cli;

import cntk.backend.Backends;
import cntk.backend.KernelBackend;
import cntk.backend.TileBackend;
import cntk.dataset.ImageSet;
import cntk.dataset.NpyType;
import cntk.dataset.NpyWriter;
import cntk.gram.GramManifest;
import cntk.plan.Tile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** k(x,x) of the test images of a run, which its matrices do not hold; computed once and kept beside them. */
final class TestDiagonal {
    static final String FILE_NAME = "test_diagonal.npy";

    private TestDiagonal() {}

    /** One number per test image, by the backend and in the precision of the run. */
    static double[] of(StoredRun run, int threads) {
        Path file = run.directory().resolve(FILE_NAME);
        int count = run.split().test().count();
        if (Files.exists(file)) {
            return NpyInput.diagonal(file, count);
        }
        double[] diagonal = compute(run, threads);
        try (NpyWriter writer = NpyWriter.open(file, NpyType.F64, count)) {
            writer.writeRow(diagonal);
            writer.commit();
        }
        return diagonal;
    }

    private static double[] compute(StoredRun run, int threads) {
        GramManifest manifest = run.manifest();
        // where both computed, either will do
        Backends.Choice choice =
                manifest.backend().equals("cuda+cpu") ? Backends.Choice.CPU : Backends.Choice.of(manifest.backend());
        ImageSet images = run.split().test();
        double[] diagonal = new double[images.count()];
        try (KernelBackend backend = Backends.pick(choice, run.task(), manifest.precision(), threads)
                        .backend();
                ExecutorService pool = Executors.newFixedThreadPool(
                        threads, Thread.ofPlatform().daemon().factory())) {
            List<TileBackend> workers = backend.open(images, images);
            List<Future<?>> shares = new ArrayList<>();
            for (int first = 0; first < workers.size(); first++) {
                int begin = first;
                TileBackend worker = workers.get(first);
                shares.add(pool.submit(() -> {
                    double[] value = new double[1];
                    for (int image = begin; image < diagonal.length; image += workers.size()) {
                        worker.compute(new Tile(image, image, image, image + 1, image, image + 1), value);
                        diagonal[image] = value[0];
                    }
                    return null;
                }));
            }
            for (Future<?> share : shares) {
                share.get();
            }
            workers.forEach(TileBackend::close);
            return diagonal;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoppedException();
        }
    }
}

package cntk.cli;

import cntk.dataset.DataSplit;
import cntk.dataset.ImageSet;
import cntk.dataset.InputException;
import cntk.gram.DamageListener;
import cntk.gram.GramSpec;
import cntk.gram.GramStore;
import cntk.gram.LocalFiles;
import cntk.gram.RunDirectory;
import cntk.gram.StoreFiles;
import cntk.gram.StoresOfOneSweep;
import cntk.gram.ZarrGramStore;
import cntk.report.RunRecord;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** The directories of a run's networks, locked, with their stores. */
final class OpenTargets implements AutoCloseable {
    private final List<One> all = new ArrayList<>();
    private final DataSplit split;

    private OpenTargets(DataSplit split) {
        this.split = split;
    }

    /** One network's. */
    record One(RunTarget target, RunDirectory run, Matrix train, Matrix cross) {
        Path directory() {
            return run.path();
        }

        private void close() {
            cross.store().close();
            train.store().close();
            run.close();
        }
    }

    /** A matrix of a network and where it lies. */
    record Matrix(GramStore store, StoreFiles files) {
        StoredMatrix.Part part() {
            return new StoredMatrix.Part(files, store.spec());
        }
    }

    /** Opens all or none. */
    static OpenTargets open(RunPlan plan, Path out, KernelSession session, ProgressPrinter printer) {
        OpenTargets targets = new OpenTargets(plan.split());
        boolean opened = false;
        try {
            for (RunTarget target : plan.targets()) {
                targets.all.add(open(plan, target, out, session, printer));
            }
            opened = true;
            return targets;
        } finally {
            if (!opened) {
                targets.close();
            }
        }
    }

    private static One open(RunPlan plan, RunTarget target, Path out, KernelSession session, ProgressPrinter printer) {
        Path directory = target.directory(out);
        RunDirectory run = plan.request().shard().isAll()
                ? RunDirectory.open(directory, target.manifest())
                : RunDirectory.share(
                        directory,
                        target.manifest(),
                        holder -> printer.say(directory + " is in use by " + holder + ", waiting for it"));
        boolean opened = false;
        try {
            requireSameRidge(plan, run.path());
            StoreFiles train = session.files(out, run.path().resolve(RunFolders.TRAIN));
            StoreFiles cross = session.files(out, run.path().resolve(RunFolders.CROSS));
            One one = new One(
                    target,
                    run,
                    new Matrix(store(plan, target, train, true, printer), train),
                    new Matrix(store(plan, target, cross, false, printer), cross));
            opened = true;
            return one;
        } finally {
            if (!opened) {
                run.close();
            }
        }
    }

    private static GramStore store(
            RunPlan plan, RunTarget target, StoreFiles files, boolean symmetric, ProgressPrinter printer) {
        GramSpec spec = RunPlan.spec(target.manifest(), symmetric);
        DamageListener listener = (tile, file, reason) ->
                printer.say("tile " + tile + " will be computed again: " + file + " is damaged: " + reason);
        GramStore store = plan.request().shard().isAll()
                ? ZarrGramStore.open(files, spec, listener)
                : ZarrGramStore.share(files, spec, listener);
        if (!(files instanceof LocalFiles)) {
            target.manifest().claim(files);
        }
        return store;
    }

    /** The ridge changes the results but not the kernel: it is free until there are results. */
    private static void requireSameRidge(RunPlan plan, Path out) {
        Path file = out.resolve(RunFolders.RECORD);
        if (Files.exists(file)
                && RunRecord.read(file).options().get("ridge") instanceof Number before
                && before.doubleValue() != plan.request().ridge()) {
            throw new InputException(file + " was made with other options: ridge: the run has " + before
                    + ", this one wants " + plan.request().ridge()
                    + "\nhint: repeat that option to see the result again, or choose another --out");
        }
    }

    List<One> all() {
        return List.copyOf(all);
    }

    /** K[train, train] of every network. */
    StoredMatrix train() {
        return matrix(One::train, split.train());
    }

    /** K[test, train] of every network. */
    StoredMatrix cross() {
        return matrix(One::cross, split.test());
    }

    private StoredMatrix matrix(Function<One, Matrix> which, ImageSet rows) {
        List<Matrix> matrices = all.stream().map(which).toList();
        return new StoredMatrix(
                new StoresOfOneSweep(matrices.stream().map(Matrix::store).toList()),
                matrices.stream().map(Matrix::part).toList(),
                rows,
                split.train());
    }

    /**
     * Whether the other shards have ended and this one may write results; whoever comes later waits. The folder of the main
     * network, which everybody locks first, stands for all.
     */
    boolean tryAlone() {
        return all.getFirst().run().tryAlone();
    }

    @Override
    public void close() {
        all.forEach(One::close);
    }
}

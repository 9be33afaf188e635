package cntk.cli;

import cntk.dataset.DataSplit;
import cntk.dataset.ImageSet;
import cntk.dataset.InputException;
import cntk.gram.DamageListener;
import cntk.gram.GramSpec;
import cntk.gram.GramStore;
import cntk.gram.RunDirectory;
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
    record One(RunTarget target, RunDirectory run, GramStore train, GramStore cross) {
        Path directory() {
            return run.path();
        }

        private void close() {
            cross.close();
            train.close();
            run.close();
        }
    }

    /** Opens all or none. */
    static OpenTargets open(RunPlan plan, Path out, ProgressPrinter printer) {
        OpenTargets targets = new OpenTargets(plan.split());
        boolean opened = false;
        try {
            for (RunTarget target : plan.targets()) {
                targets.all.add(open(plan, target, out, printer));
            }
            opened = true;
            return targets;
        } finally {
            if (!opened) {
                targets.close();
            }
        }
    }

    private static One open(RunPlan plan, RunTarget target, Path out, ProgressPrinter printer) {
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
            GramStore train = store(plan, target, run.path().resolve(RunFolders.TRAIN), true, printer);
            GramStore cross = store(plan, target, run.path().resolve(RunFolders.CROSS), false, printer);
            opened = true;
            return new One(target, run, train, cross);
        } finally {
            if (!opened) {
                run.close();
            }
        }
    }

    private static GramStore store(
            RunPlan plan, RunTarget target, Path directory, boolean symmetric, ProgressPrinter printer) {
        GramSpec spec = RunPlan.spec(target.manifest(), symmetric);
        DamageListener listener = (tile, file, reason) ->
                printer.say("tile " + tile + " will be computed again: " + file + " is damaged: " + reason);
        return plan.request().shard().isAll()
                ? ZarrGramStore.open(directory, spec, listener)
                : ZarrGramStore.share(directory, spec, listener);
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
        return matrix(One::train, RunFolders.TRAIN, split.train());
    }

    /** K[test, train] of every network. */
    StoredMatrix cross() {
        return matrix(One::cross, RunFolders.CROSS, split.test());
    }

    private StoredMatrix matrix(Function<One, GramStore> store, String folder, ImageSet rows) {
        List<StoredMatrix.Part> parts = all.stream()
                .map(one -> new StoredMatrix.Part(
                        one.directory().resolve(folder), store.apply(one).spec()))
                .toList();
        return new StoredMatrix(
                new StoresOfOneSweep(all.stream().map(store).toList()), parts, rows, split.train());
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

package cntk.cli;

import cntk.plan.Shard;
import cntk.plan.Tile;
import cntk.plan.TilePlan;
import cntk.schedule.ProgressListener;
import cntk.solve.RowProducts;
import java.util.List;
import java.util.Optional;

/** Completes kernel matrices: computes what a store misses. */
final class MatrixStage {
    private final KernelSession session;
    private final StopGuard guard;
    private final ProgressPrinter printer;
    private final Shard shard;
    private final WorkerTally tally = new WorkerTally();
    private long computedPairs;
    private double seconds;

    /** @param shard what of each matrix is this process's to compute */
    MatrixStage(KernelSession session, StopGuard guard, ProgressPrinter printer, Shard shard) {
        this.session = session;
        this.guard = guard;
        this.printer = printer;
        this.shard = shard;
    }

    /**
     * Makes this shard's share of a matrix whole.
     *
     * @throws StoppedException after Ctrl-C
     */
    void complete(StoredMatrix matrix) {
        long start = System.nanoTime();
        TilePlan plan = matrix.store().plan();
        List<Tile> share = shard.of(plan);
        List<Tile> missing = session.missing(matrix, share);
        if (missing.isEmpty()) {
            printer.started(
                    new ProgressListener.Work(0, 0), new ProgressListener.Work(share.size(), shard.pairs(plan)));
        } else {
            Watch watch = new Watch(printer, tally, ofShare(plan, share, missing));
            computedPairs += guard.run(session::stop, () -> session.compute(matrix, missing, watch))
                    .pairs();
        }
        seconds += (System.nanoTime() - start) / 1e9;
    }

    /** Pairs that were computed, not found. */
    long computedPairs() {
        return computedPairs;
    }

    /** Wall time of all matrices, preparation of the images included. */
    double seconds() {
        return seconds;
    }

    /** Products with a matrix of this stage that others compute, where there are any. */
    Optional<RowProducts> products(StoredMatrix.Part matrix) {
        return session.products(matrix);
    }

    /** Whether there are any. */
    boolean multiplies(StoredMatrix matrix) {
        return products(matrix.parts().getFirst()).isPresent();
    }

    /** Of the backend; also when that is closed. */
    String backendName() {
        return session.name();
    }

    String backendDescription() {
        return session.description();
    }

    WorkerTally tally() {
        return tally;
    }

    /** What of this shard's share is stored already. */
    private ProgressListener.Work ofShare(TilePlan plan, List<Tile> share, List<Tile> missing) {
        return new ProgressListener.Work(
                share.size() - missing.size(),
                shard.pairs(plan) - missing.stream().mapToLong(plan::pairs).sum());
    }

    /** @param share what is stored of the share of this shard; the scheduler counts what other shards do as well */
    private record Watch(ProgressPrinter printer, WorkerTally tally, Work share) implements KernelWatch {
        @Override
        public void started(Work work, Work stored) {
            printer.started(work, share);
        }

        @Override
        public void tileDone(Tile tile, long pairs, String worker) {
            printer.tileDone(tile, pairs, worker);
            tally.tileDone(tile, pairs, worker);
        }

        @Override
        public void tileFailed(Tile tile, String worker, int attempt, Exception cause) {
            printer.tileFailed(tile, worker, attempt, cause);
        }

        @Override
        public void tileTakenOver(Tile tile, String slow, String worker) {
            printer.tileTakenOver(tile, slow, worker);
        }

        @Override
        public void workerLost(String worker, Exception cause) {
            printer.workerLost(worker, cause);
        }

        @Override
        public void workerIs(String worker, String backend, String description) {
            tally.workerIs(worker, backend, description);
        }

        @Override
        public void busy(String worker, long nanos) {
            tally.busy(worker, nanos);
        }

        @Override
        public void say(String notice) {
            printer.say(notice);
        }
    }
}

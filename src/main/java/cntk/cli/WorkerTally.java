package cntk.cli;

import cntk.plan.Tile;
import cntk.report.RunRecord;
import cntk.schedule.ProgressListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Who computed how much, for the run record. */
final class WorkerTally implements ProgressListener {
    private static final class Sums {
        private String backend = "";
        private String description = "";
        private long tiles;
        private long pairs;
        private long nanos;
    }

    private final Map<String, Sums> workers = new TreeMap<>();

    @Override
    public synchronized void tileDone(Tile tile, long pairs, String worker) {
        Sums sums = workers.computeIfAbsent(worker, _ -> new Sums());
        sums.tiles++;
        sums.pairs += pairs;
    }

    synchronized void busy(String worker, long nanos) {
        workers.computeIfAbsent(worker, _ -> new Sums()).nanos += nanos;
    }

    synchronized void workerIs(String worker, String backend, String description) {
        Sums sums = workers.computeIfAbsent(worker, _ -> new Sums());
        sums.backend = backend;
        sums.description = description;
    }

    synchronized List<RunRecord.Worker> records() {
        List<RunRecord.Worker> records = new ArrayList<>();
        workers.forEach((name, sums) -> records.add(
                new RunRecord.Worker(name, sums.backend, sums.description, sums.tiles, sums.pairs, sums.nanos / 1e9)));
        return records;
    }
}

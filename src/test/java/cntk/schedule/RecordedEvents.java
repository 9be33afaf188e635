package cntk.schedule;

import cntk.plan.Tile;
import java.util.ArrayList;
import java.util.List;

/** Events as text; not synchronized, for the scheduler promises one call at a time. */
final class RecordedEvents implements ProgressListener {
    private final List<String> events = new ArrayList<>();

    List<String> all() {
        return events;
    }

    List<String> of(String kind) {
        return events.stream().filter(event -> event.startsWith(kind)).toList();
    }

    @Override
    public void started(Work work, Work stored) {
        events.add("started " + work.tiles() + "/" + work.pairs() + " stored " + stored.tiles() + "/" + stored.pairs());
    }

    @Override
    public void tileDone(Tile tile, long pairs, String worker) {
        events.add("done " + pairs + " " + worker);
    }

    @Override
    public void tileFailed(Tile tile, String worker, int attempt, Exception cause) {
        events.add("failed " + worker + " " + attempt + " " + cause.getMessage());
    }

    @Override
    public void tileTakenOver(Tile tile, String slow, String worker) {
        events.add("late " + slow + " " + worker);
    }

    @Override
    public void workerLost(String worker, Exception cause) {
        events.add("lost " + worker + " " + cause.getMessage());
    }

    @Override
    public void finished() {
        events.add("finished");
    }
}

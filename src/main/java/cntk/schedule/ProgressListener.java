package cntk.schedule;

import cntk.plan.Tile;

/** What happens while tiles are computed. Calls come from the workers' threads, one at a time, and should return soon. */
public interface ProgressListener {
    /** Does nothing. */
    ProgressListener NONE = new ProgressListener() {};

    /** The first event: {@code work} is to be done now, {@code stored} what an earlier run has left */
    default void started(Work work, Work stored) {}

    /** The tile is durable. */
    default void tileDone(Tile tile, long pairs, String worker) {}

    /** An attempt failed; {@code attempt} is 1 for the first one of this worker on this tile. */
    default void tileFailed(Tile tile, String worker, int attempt, Exception cause) {}

    /** {@code slow} has the tile for so long that {@code worker}, which has nothing else to do, computes it too. */
    default void tileTakenOver(Tile tile, String slow, String worker) {}

    /** The worker gets no more tiles. */
    default void workerLost(String worker, Exception cause) {}

    /** The last event, whatever the end was. */
    default void finished() {}

    /** A number of tiles and the pairs of images in them. */
    record Work(int tiles, long pairs) {}
}

package cntk.schedule;

import cntk.plan.Tile;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Tiles that no worker could compute; the cause is the first failure. Tiles finished before it stay in the store. */
public final class ScheduleException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private ScheduleException(String message, Exception cause) {
        super(message + "\nhint: finished tiles are kept; run the same command again to go on", cause);
    }

    /** @param reasons by worker */
    static ScheduleException allLost(int tilesLeft, Map<String, Exception> reasons, Exception first) {
        return new ScheduleException(
                "every worker is lost with " + tilesLeft + " tiles to go: " + text(reasons), first);
    }

    /** @param reasons of the workers that were lost before */
    static ScheduleException tilesFailed(List<Tile> left, Map<String, Exception> reasons, Exception first) {
        return new ScheduleException(
                left.size() + " tiles failed on every worker, such as " + left.getFirst() + "; first failure: " + first
                        + (reasons.isEmpty() ? "" : "; lost workers: " + text(reasons)),
                first);
    }

    /**
     * The scheduler of a cluster gave up.
     *
     * @param left what was not done, such as {@code 3 tiles}
     * @param reason what it says
     */
    public static ScheduleException ofCluster(String left, String reason, Exception cause) {
        return new ScheduleException("the cluster gave up with " + left + " to go: " + reason, cause);
    }

    private static String text(Map<String, Exception> reasons) {
        return reasons.entrySet().stream()
                .map(one -> one.getKey() + ": " + one.getValue())
                .collect(Collectors.joining("; "));
    }
}

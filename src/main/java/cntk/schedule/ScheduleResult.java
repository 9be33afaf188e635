package cntk.schedule;

import java.util.Map;

/**
 * What a run of the scheduler did.
 *
 * @param tiles computed and committed in this run
 * @param pairs of images in them
 * @param retries attempts that followed a failed one, on the same worker or on another
 * @param tilesByWorker by name, in the order of the workers
 * @param stopped whether {@code stop()} or an interrupt left tiles undone
 */
public record ScheduleResult(
        int tiles, long pairs, int retries, Map<String, Integer> tilesByWorker, double wallSeconds, boolean stopped) {}

package cntk.cli;

import cntk.plan.KernelTask;
import cntk.plan.TilePlan;
import cntk.schedule.ProgressLine;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The plan of a run for people and for machines.
 *
 * @param obstacles why the run would not start here; empty if it would
 * @param images training images of the data set
 */
record PlanPage(
        RunRequest request, KernelTask task, RunDemand demand, PlannedTimes times, List<String> obstacles, int images) {
    private static final double GIB = 1L << 30;

    List<String> lines() {
        List<String> lines = new ArrayList<>();
        add(lines, "network", "%s", task.networks().getFirst());
        if (demand.kernels() > 1) {
            add(lines, "", "%d kernels from one sweep, a store and a solve each", demand.kernels());
        }
        String wanted = request.train().orElse(0) > images ? " (counts only: the data has " + images + ")" : "";
        add(
                lines,
                "images",
                "%,d training%s, %,d test",
                demand.train().rows(),
                wanted,
                demand.cross().rows());
        add(lines, "pairs", "%,d", demand.pairs());
        add(
                lines,
                "tiles",
                "%s; %s",
                tiles("train", demand.trainTiles(), demand.train()),
                tiles("cross", demand.crossTiles(), demand.cross()));
        add(
                lines,
                "store",
                "%s in %s, written at %s a second",
                bytes(demand.storeBytes()),
                demand.precision().word(),
                bytes((long) (demand.storeBytes() / times.kernelSeconds())));
        add(
                lines,
                "memory",
                "kernel %s (estimate), at most %s of Java heap",
                bytes(demand.kernelBytes()),
                bytes(heap()));
        add(
                lines,
                "",
                "solve %s (estimate), of which the matrix %s",
                bytes(demand.solveBytes()),
                bytes(demand.matrixBytes()));
        add(
                lines,
                "kernel",
                "%s (estimate), %,.0f pairs/s: %s",
                ProgressLine.duration(times.kernelSeconds()),
                times.pairsPerSecond(),
                times.where());
        add(lines, "solve", "%s", solve());
        return lines;
    }

    private String solve() {
        if (Double.isNaN(times.solveSeconds())) {
            return demand.solver() + ", " + bytes(demand.trainBytes()) + " read in every iteration";
        }
        return String.format(
                Locale.ROOT,
                "%s (estimate), %s, %.3g operations at %.3g a second on %d BLAS threads",
                ProgressLine.duration(times.solveSeconds()),
                demand.solver(),
                demand.solveOperations(),
                times.solveFlops(),
                request.threads());
    }

    private static String tiles(String matrix, long count, TilePlan plan) {
        return String.format(Locale.ROOT, "%s %,d of %dx%d", matrix, count, plan.side(), plan.side());
    }

    private static String bytes(long bytes) {
        return bytes < GIB
                ? String.format(Locale.ROOT, "%.1f MiB", bytes / (GIB / 1024))
                : String.format(Locale.ROOT, "%,.2f GiB", bytes / GIB);
    }

    private static long heap() {
        return Runtime.getRuntime().maxMemory();
    }

    @SuppressWarnings("AnnotateFormatMethod") // its annotation would be one more dependency
    private static void add(List<String> lines, String label, String format, Object... values) {
        lines.add(String.format(Locale.ROOT, "%-12s", label) + String.format(Locale.ROOT, format, values));
    }

    Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("estimate", true);
        fields.put("network", task.networks().getFirst().architecture().text());
        demand.putTo(fields);
        fields.put("kernel_memory_bytes", demand.kernelBytes());
        fields.put("heap_bytes_at_most", heap());
        fields.put("matrix_bytes", demand.matrixBytes());
        fields.put("solve_memory_bytes", demand.solveBytes());
        fields.put("solver", demand.solver());
        fields.put("blas_threads", request.threads());
        fields.put("computed_by", times.where());
        fields.put("pairs_per_second", times.pairsPerSecond());
        fields.put("kernel_seconds", times.kernelSeconds());
        fields.put("solve_operations", demand.solveOperations());
        fields.put("solve_seconds", ResultOptions.number(times.solveSeconds()));
        fields.put("fits", obstacles.isEmpty());
        fields.put("obstacles", obstacles);
        return fields;
    }
}

package cntk.cli;

import cntk.plan.KernelTask;
import cntk.plan.Precision;
import cntk.plan.TilePlan;
import cntk.schedule.ProgressLine;
import cntk.solve.KernelRidge;
import cntk.solve.SolverPlace;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The plan of a run on GPUs for people and for machines. Every line has a label of its own; what is not counted is marked as an
 * estimate.
 *
 * @param images training images of the data set
 */
record ClusterPage(KernelTask task, ClusterPlan plan, int images) {
    private static final String ESTIMATE = "*estimate*";
    private static final String[] UNITS = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};

    List<String> lines() {
        List<String> lines = new ArrayList<>();
        values().forEach((label, value) -> lines.add(line(label, value)));
        plan.missing().forEach(text -> lines.add(line("not built yet", text)));
        plan.assumed()
                .values()
                .forEach((assumption, value) -> lines.add(line(
                        "assumed",
                        String.format(
                                Locale.ROOT, "%-14s %6s  %s", assumption.word(), plain(value), assumption.meaning()))));
        return lines;
    }

    private static String line(String label, String value) {
        return String.format(Locale.ROOT, "%-18s%s", label, value);
    }

    /** By label. */
    private Map<String, String> values() {
        Map<String, String> values = new LinkedHashMap<>();
        RunDemand demand = plan.demand();
        String network = task.networks().getFirst().toString();
        values.put(
                "network",
                demand.kernels() == 1 ? network : network + "; " + demand.kernels() + " kernels from one sweep");
        int train = demand.train().rows();
        values.put(
                "images",
                text(
                        "%,d training%s, %,d test: %s",
                        train,
                        train > images ? text(" (counts only: the data has %,d)", images) : "",
                        demand.cross().rows(),
                        bytes(demand.imageBytes())));
        values.put("pairs", text("%,d", demand.pairs()));
        values.put(
                "tiles",
                tiles("train", demand.trainTiles(), demand.train()) + ", "
                        + tiles("cross", demand.crossTiles(), demand.cross()));
        values.put(
                "store",
                text(
                        "%s of %s in %,d files",
                        bytes(demand.storeBytes()), demand.precision().word(), demand.files()));
        addKernel(values);
        addSolve(values);
        addCost(values);
        return values;
    }

    private void addKernel(Map<String, String> values) {
        GpuEstimate pair = plan.estimate();
        RunDemand demand = plan.demand();
        values.put(
                "gpus",
                text("%d x %s in %d %s", plan.gpus(), pair.card(), plan.nodes(), plan.nodes() == 1 ? "node" : "nodes"));
        values.put(
                "pair",
                text(
                        "%s on one GPU %s%s",
                        range(pair.bestMicros(), pair.worstMicros()),
                        ESTIMATE,
                        demand.precision() == Precision.F32 ? "" : " of the f32 kernels: the cost model has no f64"));
        values.put(
                "gpu memory",
                text(
                        "%s an image with its factors, %s for all of them, of %s",
                        bytes(plan.imageBytes()),
                        bytes(plan.imagesOnAGpu()),
                        bytes(plan.assumed().gpuBytes())));
        values.put("computing", durations(plan.computing(pair.bestMicros()), plan.computing(pair.worstMicros())));
        values.put("durable tiles", text("%s %s", duration(plan.committing()), ESTIMATE));
        values.put("writing", text("%s at %s/s %s", duration(plan.writing()), bytes(storeRate()), ESTIMATE));
        values.put("kernel", durations(plan.kernelSeconds(pair.bestMicros()), plan.kernelSeconds(pair.worstMicros())));
        double least = plan.kernelSeconds(pair.bestMicros());
        values.put(
                "store load",
                text(
                        "%s/s, %,.0f files a second %s",
                        bytes(demand.storeBytes() / least), demand.files() / least, ESTIMATE));
        values.put(
                "network load",
                text(
                        "%s of images to the nodes, %s of tiles to the store",
                        bytes(plan.imagesToNodes()), bytes(demand.storeBytes())));
    }

    private double storeRate() {
        return plan.assumed().storeRate(plan.nodes());
    }

    private void addSolve(Map<String, String> values) {
        ClusterSolve solve = plan.solve();
        RunDemand demand = plan.demand();
        long direct = KernelRidge.matrixBytes(demand.train().rows(), SolverPlace.cpu("planned"));
        values.put(
                "solver",
                solve.iterative()
                        ? text("pcg of rank %,d (cholesky would need %s)", solve.rank(), bytes(direct))
                        : text("%s, %.3g operations on one node", demand.solver(), demand.solveOperations()));
        values.put(
                "solve memory",
                text(
                        "%s in one node, of %s %s",
                        bytes(solve.nodeBytes()), bytes(plan.assumed().nodeBytes()), ESTIMATE));
        if (solve.iterative()) {
            addIterations(values);
        }
        values.put("solve", text("%s %s", duration(solve.seconds()), ESTIMATE));
        if (solve.nodes() > 1) {
            values.put("solve, one node", text("%s %s", duration(solve.on(1).seconds()), ESTIMATE));
        }
    }

    private void addIterations(Map<String, String> values) {
        ClusterSolve solve = plan.solve();
        RunDemand demand = plan.demand();
        values.put("preconditioner", text("%s %s", duration(solve.preconditioner()), ESTIMATE));
        values.put(
                "iteration",
                text(
                        "%s: %s read, or %s multiplied; %s preconditioner, %s vectors %s",
                        seconds(solve.iteration()),
                        seconds(solve.reading()),
                        seconds(solve.multiplying()),
                        seconds(solve.preconditioning()),
                        seconds(solve.exchanging()),
                        ESTIMATE));
        values.put(
                "read",
                text(
                        "%s an iteration, %s in all %s",
                        bytes(demand.trainBytes()),
                        bytes(demand.kernels() * solve.readings() * demand.trainBytes()),
                        ESTIMATE));
    }

    private void addCost(Map<String, String> values) {
        double best = plan.estimate().bestMicros();
        double worst = plan.estimate().worstMicros();
        values.put(
                "gpu-hours",
                text(
                        "%s for the kernel, %s held by the solve %s",
                        numbers(plan.kernelGpuHours(best), plan.kernelGpuHours(worst)),
                        number(plan.solveGpuHours()),
                        ESTIMATE));
        values.put("cost", text("%s USD %s", numbers(plan.price(best), plan.price(worst)), ESTIMATE));
    }

    private static String tiles(String matrix, long count, TilePlan plan) {
        return text("%s %,d of %dx%d", matrix, count, plan.side(), plan.side());
    }

    private static String range(double fromMicros, double toMicros) {
        return toMicros < 0.1
                ? text("%.3g to %.3g ns", 1e3 * fromMicros, 1e3 * toMicros)
                : text("%.3g to %.3g us", fromMicros, toMicros);
    }

    private static String durations(double from, double to) {
        String first = duration(from);
        String last = duration(to);
        return (first.equals(last) ? first : first + " to " + last) + " " + ESTIMATE;
    }

    private static String duration(double seconds) {
        return ProgressLine.duration(seconds);
    }

    private static String seconds(double seconds) {
        return seconds < 100 ? text("%.3g s", seconds) : text("%,.0f s", seconds);
    }

    private static String numbers(double from, double to) {
        String first = number(from);
        String last = number(to);
        return first.equals(last) ? first : first + " to " + last;
    }

    private static String number(double value) {
        return value < 10 ? text("%.2g", value) : text("%,.0f", value);
    }

    private static String plain(double value) {
        return value == Math.rint(value) ? text("%.0f", value) : text("%s", value);
    }

    private static String bytes(long bytes) {
        return bytes((double) bytes);
    }

    /** Three digits and a decimal prefix. */
    private static String bytes(double bytes) {
        int unit = 0;
        double value = bytes;
        while (value >= 999.5 && unit < UNITS.length - 1) {
            value /= 1000;
            unit++;
        }
        return text(value < 9.995 ? "%.2f %s" : value < 99.95 ? "%.1f %s" : "%.0f %s", value, UNITS[unit]);
    }

    @SuppressWarnings("AnnotateFormatMethod") // its annotation would be one more dependency
    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        RunDemand demand = plan.demand();
        fields.put("estimate", true);
        fields.put("network", task.networks().getFirst().architecture().text());
        demand.putTo(fields);
        fields.put("image_bytes", demand.imageBytes());
        addKernelFields(fields);
        addSolveFields(fields);
        fields.put("assumptions", plan.assumed().fields());
        fields.put("not_built_yet", plan.missing());
        fields.put("fits", plan.obstacles().isEmpty());
        fields.put("obstacles", plan.obstacles());
        return fields;
    }

    private void addKernelFields(Map<String, Object> fields) {
        double best = plan.estimate().bestMicros();
        double worst = plan.estimate().worstMicros();
        fields.put("gpus", plan.gpus());
        fields.put("gpu", plan.estimate().card());
        fields.put("nodes", plan.nodes());
        fields.put("pair_us_from", best);
        fields.put("pair_us_to", worst);
        fields.put("image_bytes_on_gpu", plan.imageBytes());
        fields.put("gpu_seconds_from", plan.computing(best));
        fields.put("gpu_seconds_to", plan.computing(worst));
        fields.put("commit_seconds", plan.committing());
        fields.put("write_seconds", plan.writing());
        fields.put("kernel_seconds_from", plan.kernelSeconds(best));
        fields.put("kernel_seconds_to", plan.kernelSeconds(worst));
        fields.put("kernel_node_memory_bytes", plan.kernelNodeBytes());
        fields.put("solve_gpu_hours", plan.solveGpuHours());
        fields.put("gpu_hours_from", plan.gpuHours(best));
        fields.put("gpu_hours_to", plan.gpuHours(worst));
        fields.put("usd_from", plan.price(best));
        fields.put("usd_to", plan.price(worst));
    }

    private void addSolveFields(Map<String, Object> fields) {
        ClusterSolve solve = plan.solve();
        RunDemand demand = plan.demand();
        fields.put("solver", demand.solver());
        fields.put("matrix_bytes", demand.matrixBytes());
        fields.put("solve_memory_bytes", solve.nodeBytes());
        fields.put("solve_seconds", solve.seconds());
        fields.put("solve_seconds_on_one_node", solve.on(1).seconds());
        if (solve.iterative()) {
            fields.put("pcg_rank", solve.rank());
            fields.put("preconditioner_seconds", solve.preconditioner());
            fields.put("iteration_seconds", solve.iteration());
            fields.put("bytes_read_an_iteration", demand.trainBytes());
            fields.put("bytes_read", demand.kernels() * solve.readings() * demand.trainBytes());
        }
    }
}

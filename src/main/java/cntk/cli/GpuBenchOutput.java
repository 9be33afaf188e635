package cntk.cli;

import cntk.backend.GpuBenchmark;
import cntk.backend.GpuSelfTest;
import cntk.backend.SelfCheck;
import cntk.report.MachineCard;
import cntk.solve.CudaSolverBenchmark;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/** What {@code cntk bench gpu} found, as text and as fields of JSON. */
final class GpuBenchOutput {
    static final String VIRTUAL_NOTE =
            "this GPU is virtual, made of the CPU: the times are a smoke test and mean nothing";

    private static final double GIB = 1L << 30;

    private final GpuUnderTest gpu;
    private final List<GpuBenchmark.Result> kernels = new ArrayList<>();
    private final List<CudaSolverBenchmark.Outcome> solver = new ArrayList<>();
    private final List<SelfCheck> checks = new ArrayList<>();

    GpuBenchOutput(GpuUnderTest gpu) {
        this.gpu = gpu;
    }

    void add(GpuBenchmark.Result result) {
        kernels.add(result);
    }

    void add(CudaSolverBenchmark.Outcome outcome) {
        solver.add(outcome);
    }

    void add(List<SelfCheck> more) {
        checks.addAll(more);
    }

    /** A check of every time measured so far. */
    List<SelfCheck> timings() {
        return kernels.stream()
                .map(result -> GpuSelfTest.timing(result, gpu.peak()))
                .toList();
    }

    /** One line: how many checks passed, failed and were skipped. */
    String verdict() {
        long skipped = checks.stream()
                .filter(check -> check.outcome() == SelfCheck.Outcome.SKIPPED)
                .count();
        return "selftest  " + (checks.size() - failed() - skipped) + " passed, " + failed() + " failed, " + skipped
                + " skipped";
    }

    long failed() {
        return checks.stream().filter(SelfCheck::failed).count();
    }

    Map<String, Object> fields() {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("gpu", gpu.fields());
        if (gpu.virtual()) {
            document.put("note", VIRTUAL_NOTE);
        }
        if (!checks.isEmpty()) {
            document.put("passed", failed() == 0);
            document.put("checks", checks.stream().map(GpuBenchOutput::fields).toList());
        }
        document.put("kernels", kernels.stream().map(this::fields).toList());
        document.put("solver", solver.stream().map(GpuBenchOutput::fields).toList());
        document.put("version", Main.ManifestVersion.version());
        document.put("machine", MachineCard.read());
        return document;
    }

    private static Map<String, Object> fields(SelfCheck check) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("check", check.name());
        fields.put("outcome", check.outcome().name().toLowerCase(Locale.ROOT));
        fields.put("detail", check.detail());
        return fields;
    }

    private Map<String, Object> fields(GpuBenchmark.Result result) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("network", result.network().architecture().text());
        fields.put("shape", result.network().input().toString());
        fields.put("precision", result.precision().word());
        fields.put("backend", result.description());
        fields.put("pairs_per_repeat", result.pairsPerRepeat());
        fields.put("us_per_pair", result.medianSecondsPerPair() * 1e6);
        fields.put(
                "us_per_pair_repeats",
                Arrays.stream(result.secondsPerPair()).map(s -> s * 1e6).toArray());
        fields.put("pairs_per_second", 1 / result.medianSecondsPerPair());
        fields.put("element_layers_per_second", result.elementLayersPerSecond());
        fields.put("fp32_peak_share", GpuUnderTest.orNull(result.peakShare(gpu.peak())));
        fields.put("cpu_us_per_pair_one_thread", result.cpuSecondsPerPair() * 1e6);
        fields.put("cpu_pairs", result.cpuPairs());
        fields.put("largest_relative_difference_from_cpu", result.largestDifference());
        return fields;
    }

    private static Map<String, Object> fields(CudaSolverBenchmark.Outcome outcome) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("n", outcome.n());
        outcome.timing().ifPresent(timing -> {
            fields.put("columns", CudaSolverBenchmark.COLUMNS);
            fields.put("copy_seconds", timing.copySeconds());
            fields.put("factor_seconds", timing.factorSeconds());
            fields.put("factor_flops", timing.factorOperationsPerSecond());
            fields.put("solve_seconds", timing.solveSeconds());
            fields.put("backward_error", timing.backwardError());
        });
        outcome.skipped().ifPresent(reason -> fields.put("skipped", reason));
        return fields;
    }

    void text(PrintWriter out) {
        gpu.lines().forEach(out::println);
        MachineCard machine = MachineCard.read();
        out.printf(
                Locale.ROOT,
                "machine   %s: %d processors, %.1f GiB, %s, %s%n",
                machine.cpu(),
                machine.processors(),
                machine.memoryBytes() / GIB,
                machine.os(),
                machine.java());
        if (gpu.virtual()) {
            out.println("note      " + VIRTUAL_NOTE);
        }
        kernels.forEach(result -> text(result, out));
        solver.forEach(outcome -> text(outcome, out));
    }

    private void text(GpuBenchmark.Result result, PrintWriter out) {
        double[] micros = Arrays.stream(result.secondsPerPair())
                .map(s -> s * 1e6)
                .sorted()
                .toArray();
        double median = result.medianSecondsPerPair();
        OptionalDouble share = result.peakShare(gpu.peak());
        out.println("network   " + result.network() + ", " + result.precision().word());
        out.printf(
                Locale.ROOT,
                "  time    %.4g us per pair (median of %d tiles of %d pairs; %.4g to %.4g; CUDA events)%n",
                median * 1e6,
                micros.length,
                result.pairsPerRepeat(),
                micros[0],
                micros[micros.length - 1]);
        out.printf(
                Locale.ROOT,
                "  rate    %.4g pairs/s, %.3g element-layers/s, %s%n",
                1 / median,
                result.elementLayersPerSecond(),
                share.isPresent()
                        ? String.format(Locale.ROOT, "%.1f %% of the fp32 peak", 100 * share.getAsDouble())
                        : "share of the fp32 peak: none");
        out.printf(
                Locale.ROOT,
                "  CPU     %.4g us per pair on one thread, %.3g times the GPU's; largest relative difference %.1e over %d pairs%n",
                result.cpuSecondsPerPair() * 1e6,
                result.cpuSecondsPerPair() / median,
                result.largestDifference(),
                result.cpuPairs());
    }

    private static void text(CudaSolverBenchmark.Outcome outcome, PrintWriter out) {
        outcome.timing()
                .ifPresent(timing -> out.printf(
                        Locale.ROOT,
                        "cusolver  n = %d: factorisation %.4g s (%.3g flop/s), %d right sides %.3g s, copy %.3g s, backward error %.1e%n",
                        outcome.n(),
                        timing.factorSeconds(),
                        timing.factorOperationsPerSecond(),
                        CudaSolverBenchmark.COLUMNS,
                        timing.solveSeconds(),
                        timing.copySeconds(),
                        timing.backwardError()));
        outcome.skipped().ifPresent(reason -> out.println("cusolver  n = " + outcome.n() + ": skipped, " + reason));
    }

    static String text(SelfCheck check) {
        String word = check.outcome().name().toLowerCase(Locale.ROOT);
        return String.format(Locale.ROOT, "%-8s  %s: %s", word, check.name(), check.detail());
    }
}

package cntk.cli;

import cntk.backend.cuda.KernelCost.Estimate;
import cntk.report.Json;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What {@code cntk bench gpu --model} prints: counts of the compiled kernels and the times they let expect. */
final class GpuModelOutput {
    private GpuModelOutput() {}

    static void json(List<Estimate> estimates, int layers, PrintWriter out) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("estimate", true);
        document.put("layers", layers);
        document.put("kernels", estimates.stream().map(GpuModelOutput::fields).toList());
        out.println(Json.text(document));
    }

    private static Map<String, Object> fields(Estimate estimate) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("kernel", estimate.kernel());
        fields.put("card", estimate.card().name());
        fields.put("architecture", estimate.card().architecture());
        fields.put("instructions_per_entry_and_layer", estimate.perEntry());
        fields.put("ptx_instructions_per_entry_and_layer", estimate.ptxPerEntry());
        fields.put("registers", estimate.registers());
        fields.put("warps_per_multiprocessor", estimate.warps());
        fields.put("occupancy", estimate.occupancy());
        fields.put("staged_bytes_per_pair", estimate.stagedBytes());
        fields.put("written_bytes_per_pair", estimate.writtenBytes());
        fields.put("issue_us", estimate.issueMicros());
        fields.put("fp32_us", estimate.fp32Micros());
        fields.put("special_us", estimate.specialMicros());
        fields.put("shared_us", estimate.sharedMicros());
        fields.put("us_per_pair_from", estimate.bestMicros());
        fields.put("us_per_pair_to", estimate.worstMicros());
        return fields;
    }

    static void text(List<Estimate> estimates, int layers, int channels, PrintWriter out) {
        out.println(
                "Instructions per entry and layer, counted in the machine code (ptx: all of them in the PTX). Times are *estimates*"
                        + " from data sheets,");
        out.println(
                "per pair of " + channels + " channels and " + layers + " layers; nothing ran on a GPU. KB: factors and"
                        + " pixels that a pair's blocks stage, and sums they write.");
        out.printf(
                Locale.ROOT,
                "%-24s %-15s %6s %6s %6s %6s %6s %6s %6s %5s %6s %5s %9s  %s%n",
                "kernel",
                "card",
                "ptx",
                "all",
                "fp32",
                "mufu",
                "shfl",
                "shared",
                "global",
                "regs",
                "warps",
                "occ",
                "KB",
                "*estimate*");
        for (Estimate estimate : estimates) {
            row(estimate, out);
        }
    }

    private static void row(Estimate estimate, PrintWriter out) {
        Map<String, Double> count = estimate.perEntry();
        out.printf(
                Locale.ROOT,
                "%-24s %-15s %6.2f %6.2f %6.2f %6.2f %6.2f %6.2f %6.2f %5d %6d %4.0f%% %9.1f  %s%n",
                estimate.kernel(),
                estimate.card().name(),
                estimate.ptxPerEntry().get("all"),
                count.get("all"),
                count.get("fp32"),
                count.get("special"),
                count.get("shuffle"),
                count.get("shared"),
                count.get("global"),
                estimate.registers(),
                estimate.warps(),
                100 * estimate.occupancy(),
                (estimate.stagedBytes() + estimate.writtenBytes()) / 1e3,
                time(estimate));
    }

    private static String time(Estimate estimate) {
        boolean micros = estimate.bestMicros() >= 0.1;
        double scale = micros ? 1 : 1e3;
        return String.format(
                Locale.ROOT,
                "%.3g to %.3g %s",
                scale * estimate.bestMicros(),
                scale * estimate.worstMicros(),
                micros ? "us" : "ns");
    }
}

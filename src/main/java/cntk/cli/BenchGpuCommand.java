package cntk.cli;

import cntk.backend.cuda.KernelCost;
import cntk.backend.cuda.KernelCost.Estimate;
import cntk.dataset.InputException;
import cntk.report.Json;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cntk bench gpu}. */
@Command(
        name = "gpu",
        description = {
            "The cost of a pair on a GPU. --model needs none: it counts the machine instructions of the compiled kernels and",
            "estimates times from the data sheets of three cards."
        })
final class BenchGpuCommand implements Callable<Integer> {
    private static final int CHANNELS = 3;
    private static final int MOST_LAYERS = 63;

    @Spec
    private CommandSpec spec;

    @Option(names = "--model", description = "Count instructions and estimate; runs nothing on a GPU.")
    private boolean model;

    @Option(
            names = "--layers",
            paramLabel = "N",
            defaultValue = "10",
            description = "Convolutions with ReLU; default: ${DEFAULT-VALUE}.")
    private int layers;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        if (!model) {
            throw new ParameterException(
                    spec.commandLine(), "--model is missing: no other benchmark runs on a GPU yet");
        }
        if (layers < 1 || layers > MOST_LAYERS) {
            throw new InputException("--layers is " + layers + ", but must be from 1 to " + MOST_LAYERS);
        }
        List<Estimate> estimates = KernelCost.estimates(layers, CHANNELS);
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("estimate", true);
            document.put("layers", layers);
            document.put(
                    "kernels", estimates.stream().map(BenchGpuCommand::fields).toList());
            out.println(Json.text(document));
        } else {
            print(estimates, out);
        }
        out.flush();
        return ExitCodes.RIGHT.code();
    }

    private static Map<String, Object> fields(Estimate estimate) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("kernel", estimate.kernel());
        fields.put("card", estimate.card().name());
        fields.put("architecture", estimate.card().architecture());
        fields.put("instructions_per_entry_and_layer", estimate.perEntry());
        fields.put("registers", estimate.registers());
        fields.put("warps_per_multiprocessor", estimate.warps());
        fields.put("staged_megabytes_per_pair", estimate.megabytes());
        fields.put("issue_us", estimate.issueMicros());
        fields.put("fp32_us", estimate.fp32Micros());
        fields.put("special_us", estimate.specialMicros());
        fields.put("shared_us", estimate.sharedMicros());
        fields.put("us_per_pair_from", estimate.bestMicros());
        fields.put("us_per_pair_to", estimate.worstMicros());
        return fields;
    }

    private void print(List<Estimate> estimates, PrintWriter out) {
        out.println(
                "Counted in the machine code: instructions per entry and layer. Times are estimates from data sheets, per pair of "
                        + CHANNELS + " channels and " + layers + " layers; nothing ran on a GPU.");
        out.printf(
                Locale.ROOT,
                "%-24s %-15s %6s %6s %6s %6s %6s %5s %6s %9s  %s%n",
                "kernel",
                "card",
                "all",
                "fp32",
                "mufu",
                "shfl",
                "shared",
                "regs",
                "warps",
                "MB",
                "estimate");
        for (Estimate estimate : estimates) {
            Map<String, Double> count = estimate.perEntry();
            out.printf(
                    Locale.ROOT,
                    "%-24s %-15s %6.2f %6.2f %6.2f %6.2f %6.2f %5d %6d %9.3f  %s%n",
                    estimate.kernel(),
                    estimate.card().name(),
                    count.get("all"),
                    count.get("fp32"),
                    count.get("special"),
                    count.get("shuffle"),
                    count.get("shared"),
                    estimate.registers(),
                    estimate.warps(),
                    estimate.megabytes(),
                    time(estimate));
        }
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

package cntk.cli;

import cntk.arch.Architecture;
import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.arch.NetworkTable;
import cntk.arch.Presets;
import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import cntk.plan.CostModel;
import cntk.plan.Precision;
import cntk.report.Json;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cntk arch}: what a network text means. */
@Command(
        name = "arch",
        header = "What a network text means: layers, shapes, cost.",
        description = {
            "Prints the layers of a network with their shapes and costs, its canonical text",
            "and its id.",
            "",
            "NETWORK is the name of a .json file, or text: layers separated by spaces,",
            "groups repeated, presets, for example",
            "  conv(k=3,pad=zero,w=1.41421356,b=0) relu (conv relu)x9 gap dense",
            "  cntk(depth=11,readout=gap)         cntk arch --list shows all presets",
            "  residual(relu conv relu conv)      identity + branch",
            "  residual(branch | shortcut)        shortcut + branch",
            "",
            "Layers and the values of their arguments where they are left out:",
            "  conv(k=3,stride=1,pad=zero,w=1.4142135623730951,b=0,train=true)",
            "      k=1, 3, 5, 7; stride=1, 2; pad=zero, circular, valid",
            "  dense(w=1,b=0,train=true)  flatten  gap",
            "  avgpool(k=2,stride=2,pad=valid)  lap(c=4,pad=zero)",
            "  relu  leakyrelu(a=0.01)  abs  erf  gelu  sin  rbf(gamma=1)  identity",
            "  gaussian(gamma=1)  reluproject      with --kind nngp only",
            ""
        })
final class ArchCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "NETWORK", arity = "0..*", description = "Text or a .json file.")
    private List<String> words = List.of();

    @Option(
            names = "--shape",
            paramLabel = "CxHxW",
            defaultValue = "3x32x32",
            converter = Words.OfShape.class,
            description = "Channels, height and width of the images; default: ${DEFAULT-VALUE}.")
    private ImageShape shape;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Option(names = "--list", description = "Print the presets with their sources.")
    private boolean list;

    @Override
    public Integer call() {
        if (list) {
            printPresets();
            return ExitCodes.RIGHT.code();
        }
        if (words.isEmpty()) {
            throw new InputException("the network is missing\nhint: write its text or a file, or --list for presets");
        }
        Network network = ArchitectureParser.network(String.join(" ", words), shape);
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(Json.text(fields(network)));
        } else {
            NetworkTable.lines(network).forEach(out::println);
            PlanLines.of(network).forEach(out::println);
            out.println("estimate         " + duration(CostModel.nanosPerPair(network, Precision.F32))
                    + " per pair and thread in f32, " + duration(CostModel.nanosPerPair(network, Precision.F64))
                    + " in f64 (a formula, not a measurement)");
        }
        out.flush();
        return ExitCodes.RIGHT.code();
    }

    private void printPresets() {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            List<Map<String, Object>> presets = new ArrayList<>();
            for (Presets.Description preset : Presets.describe()) {
                Map<String, Object> fields = new LinkedHashMap<>();
                fields.put("usage", preset.usage());
                fields.put("what", preset.what());
                fields.put("source", preset.source());
                presets.add(fields);
            }
            out.println(Json.text(Map.of("presets", presets)));
        } else {
            for (Presets.Description preset : Presets.describe()) {
                out.println(preset.usage());
                out.println("    " + preset.what());
                out.println("    " + preset.source());
            }
        }
        out.flush();
    }

    private static Map<String, Object> fields(Network network) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("network", network.architecture().text());
        fields.put("id", network.architecture().id());
        fields.put("shape", network.input().toString());
        List<Map<String, Object>> layers = new ArrayList<>();
        for (int index = 0; index < network.layers().size(); index++) {
            Map<String, Object> layer = new LinkedHashMap<>();
            layer.put("layer", new Architecture(List.of(network.layers().get(index))).text());
            layer.put("pixels_after", network.after(index).toString());
            layer.put("element_layers", network.elementLayers(index));
            layers.add(layer);
        }
        fields.put("layers", layers);
        fields.put("segments", PlanLines.fields(network));
        fields.put("planes", network.planes().torusPlanes(network.input()));
        fields.put("entries_per_pair", network.entriesPerPair());
        fields.put("element_layers", network.elementLayers());
        fields.put("estimated_seconds_per_pair_f32", CostModel.nanosPerPair(network, Precision.F32) / 1e9);
        fields.put("estimated_seconds_per_pair_f64", CostModel.nanosPerPair(network, Precision.F64) / 1e9);
        return fields;
    }

    private static String duration(double nanos) {
        if (nanos < 1e6) {
            return String.format(Locale.ROOT, "%.3g us", nanos / 1e3);
        }
        return String.format(Locale.ROOT, "%.3g ms", nanos / 1e6);
    }
}

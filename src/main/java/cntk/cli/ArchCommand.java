package cntk.cli;

import cntk.arch.Architecture;
import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.arch.NetworkTable;
import cntk.dataset.ImageShape;
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
        description = {
            "Prints the layers of a network with their shapes and costs, its canonical text",
            "and its id.",
            "",
            "NETWORK is the name of a .json file, or text: layers separated by spaces,",
            "groups repeated, presets, for example",
            "  conv(k=3,pad=zero,w=1.41421356,b=0) relu (conv relu)x9 gap dense",
            "  cntk(depth=11,readout=gap)",
            "",
            "Layers and the values of their arguments where they are left out:",
            "  conv(k=3,stride=1,pad=zero,w=1.4142135623730951,b=0,train=true)",
            "      k=1, 3 or 5; pad=zero or circular",
            "  relu  flatten  gap  dense(w=1,b=0,train=true)",
            "Presets:",
            "  cntk(depth=D,readout=gap,fix=true)    Arora et al. 2019; readout=gap or",
            "      flatten, for which fix=false is the default",
            "  fc(depth=D,w=1.4142135623730951,b=0)  fully connected",
            ""
        })
final class ArchCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "NETWORK", arity = "1..*", description = "Text or a .json file.")
    private List<String> words;

    @Option(
            names = "--shape",
            paramLabel = "CxHxW",
            defaultValue = "3x32x32",
            converter = Words.OfShape.class,
            description = "Channels, height and width of the images; default: ${DEFAULT-VALUE}.")
    private ImageShape shape;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        Network network = ArchitectureParser.network(String.join(" ", words), shape);
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(Json.text(fields(network)));
        } else {
            NetworkTable.lines(network).forEach(out::println);
            out.println("estimate         " + duration(CostModel.nanosPerPair(network, Precision.F32))
                    + " per pair and thread in f32, " + duration(CostModel.nanosPerPair(network, Precision.F64))
                    + " in f64 (a formula, not a measurement)");
        }
        out.flush();
        return ExitCodes.RIGHT.code();
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

package cntk.cli;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.arch.NetworkVariants;
import cntk.backend.KernelBenchmark;
import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import cntk.plan.KernelKind;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import cntk.report.Json;
import cntk.report.MachineCard;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cntk bench}: how fast this machine is. */
@Command(
        name = "bench",
        description = "Measures the engine on this machine.",
        subcommands = {BenchCommand.Kernel.class, BenchGpuCommand.class})
final class BenchCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "a benchmark is missing: cntk bench kernel or cntk bench gpu");
    }

    /** {@code cntk bench kernel}. */
    @Command(
            name = "kernel",
            description = {
                "Measures the kernel on one thread: time per pair, element-layers per second, and the share of the fp32",
                "multiply-add peak, which is measured in the same run. Three entries are checked against the oracle."
            })
    static final class Kernel implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Option(
                names = "--arch",
                paramLabel = "NETWORK",
                defaultValue = "cntk(depth=11,readout=gap)",
                description = "Text or a .json file; default: ${DEFAULT-VALUE}.")
        private String arch;

        @Option(
                names = "--shape",
                paramLabel = "CxHxW",
                defaultValue = "3x32x32",
                converter = Words.OfShape.class,
                description = "Channels, height and width of the images; default: ${DEFAULT-VALUE}.")
        private ImageShape shape;

        @Option(
                names = "--kind",
                paramLabel = "KIND",
                defaultValue = "ntk",
                converter = Words.OfKind.class,
                description = "ntk or nngp; default: ${DEFAULT-VALUE}.")
        private KernelKind kind;

        @Option(
                names = "--precision",
                paramLabel = "PRECISION",
                defaultValue = "f32",
                description = "f32 or f64; default: ${DEFAULT-VALUE}.")
        private String precision;

        @Option(
                names = "--readouts",
                paramLabel = "VARIANTS",
                description = "More kernels from the same sweep, as in cntk run --help.")
        private @Nullable String readouts;

        @Option(names = "--flip", description = "Average over horizontal flips.")
        private boolean flip;

        @Option(
                names = "--repeats",
                paramLabel = "N",
                defaultValue = "7",
                description = "Timed tiles, of which the median is reported; default: ${DEFAULT-VALUE}.")
        private int repeats;

        @Option(names = "--json", description = "Print one JSON object.")
        private boolean json;

        @Override
        public Integer call() throws InterruptedException {
            if (repeats < 1) {
                throw new InputException("--repeats is " + repeats + ", but must be at least 1");
            }
            KernelBenchmark.Result result = new KernelBenchmark(task(), precisionWanted()).run(repeats);
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                out.println(Json.text(fields(result)));
            } else {
                print(result, out);
            }
            out.flush();
            return ExitCodes.RIGHT.code();
        }

        private KernelTask task() {
            List<Network> networks = new ArrayList<>(List.of(ArchitectureParser.network(arch, shape)));
            if (readouts != null) {
                NetworkVariants.parse(arch, readouts, shape).forEach(variant -> networks.add(variant.network()));
            }
            return new KernelTask(networks, kind, flip, false);
        }

        private Precision precisionWanted() {
            return Arrays.stream(Precision.values())
                    .filter(value -> value.word().equals(precision))
                    .findFirst()
                    .orElseThrow(
                            () -> new InputException("--precision is '" + precision + "', but must be f32 or f64"));
        }

        private Map<String, Object> fields(KernelBenchmark.Result result) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("kernels", result.kernels());
            fields.put("flip", flip);
            fields.put("network", result.network().architecture().text());
            fields.put("shape", result.network().input().toString());
            fields.put("precision", result.precision().word());
            fields.put("threads", 1);
            fields.put("ms_per_pair", result.medianSecondsPerPair() * 1e3);
            fields.put(
                    "ms_per_pair_repeats",
                    Arrays.stream(result.secondsPerPair()).map(s -> s * 1e3).toArray());
            fields.put("pairs_per_repeat", result.pairsPerRepeat());
            fields.put("element_layers_per_second", result.elementLayersPerSecond());
            fields.put("fma_peak_per_second", result.peak());
            fields.put("fma_peak_share", result.peakShare());
            fields.put("largest_relative_error", result.largestError());
            fields.put("backend", result.description());
            fields.put("machine", MachineCard.read());
            return fields;
        }

        private static void print(KernelBenchmark.Result result, PrintWriter out) {
            double[] seconds = result.secondsPerPair().clone();
            Arrays.sort(seconds);
            double median = result.medianSecondsPerPair();
            boolean micros = median < 1e-3;
            double scale = micros ? 1e6 : 1e3;
            String unit = micros ? "us" : "ms";
            out.println("network         " + result.network());
            if (result.kernels() > 1) {
                out.println("kernels         " + result.kernels() + " from one sweep");
            }
            out.println("backend         " + result.description());
            out.printf(
                    Locale.ROOT,
                    "time            %.3f %s per pair on one thread (median of %d; %.3f to %.3f)%n",
                    median * scale,
                    unit,
                    seconds.length,
                    seconds[0] * scale,
                    seconds[seconds.length - 1] * scale);
            out.printf(
                    Locale.ROOT, "rate            %.3g element-layers per second%n", result.elementLayersPerSecond());
            out.printf(
                    Locale.ROOT,
                    "peak            %.1f %% of the fp32 multiply-add peak (%.3g a second here and now)%n",
                    100 * result.peakShare(),
                    result.peak());
            out.printf(Locale.ROOT, "checked         %.1e from the oracle at most%n", result.largestError());
        }
    }
}

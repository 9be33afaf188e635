package cntk.cli;

import cntk.backend.cuda.KernelCost;
import cntk.backend.cuda.KernelCost.Estimate;
import cntk.dataset.InputException;
import java.io.PrintWriter;
import java.util.List;
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
            GpuModelOutput.json(estimates, layers, out);
        } else {
            GpuModelOutput.text(estimates, layers, CHANNELS, out);
        }
        out.flush();
        return ExitCodes.RIGHT.code();
    }
}

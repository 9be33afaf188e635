package cntk.cli;

import cntk.report.Json;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cntk report}: a run on one page. */
@Command(
        name = "report",
        header = "A finished run as one HTML page.",
        customSynopsis = "cntk report --run DIR [OPTIONS]",
        description = {
            "Writes report.html into the directory of the run: accuracy, confusion, images,",
            "kernel, spectrum, ridge path, training, learning curve, times, the command.",
            "cntk run writes it too, without the figures that take minutes.",
            ""
        })
final class ReportCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--run", paramLabel = "DIR", required = true, description = "The --out of a finished run.")
    private Path run;

    @Option(
            names = "--data",
            paramLabel = "DIR|sample",
            description = "Where the images of the run are now, if they were moved since.")
    private @Nullable String data;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        PrintWriter err = spec.commandLine().getErr();
        int threads = Runtime.getRuntime().availableProcessors();
        Path file = ReportJob.write(run, data == null ? "" : data, Integer.MAX_VALUE, threads, err);
        PrintWriter out = spec.commandLine().getOut();
        out.println(json ? Json.text(Map.of("report", file.toString())) : file.toString());
        out.flush();
        return ExitCodes.RIGHT.code();
    }
}

package cntk.cli;

import cntk.dataset.NpyLabels;
import cntk.dataset.NpyType;
import cntk.dataset.NpyWriter;
import cntk.gram.GramReader;
import cntk.gram.GramStore;
import cntk.plan.Precision;
import cntk.report.PredictionsCsv;
import cntk.solve.SolverChoice;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cntk export}: a run as NumPy files. */
@Command(
        name = "export",
        header = "A run as NumPy files.",
        customSynopsis = "cntk export --run DIR [--out DIR] [OPTIONS]",
        description = {
            "Writes K.npy [n,n] and C.npy [m,n] in the precision of the run, labels.npy and",
            "test_labels.npy (int64), and predictions.npy [m,classes] if the run has them:",
            "what the other commands take as --train-kernel, --cross-kernel, --labels and",
            "--test-labels. numpy.load(file, mmap_mode='r') maps them.",
            ""
        })
final class ExportCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--run", paramLabel = "DIR", required = true, description = "The --out of a finished run.")
    private Path run;

    @Option(
            names = "--data",
            paramLabel = "DIR|sample",
            description = "Where the images of the run are now, if they were moved since.")
    private @Nullable String data;

    @Mixin
    private ResultOptions result;

    @Override
    public Integer call() {
        try (KernelData stored = RunInput.open(run, data == null ? "" : data, null, SolverChoice.AUTO)) {
            OutputFiles files = OutputFiles.open(result.out, stored, "export");
            List<StoredRun.Matrix> matrices = stored.run().orElseThrow().matrices();
            try {
                write(matrices.getFirst().store(), files.file("K.npy").orElseThrow());
                write(matrices.getLast().store(), files.file("C.npy").orElseThrow());
            } finally {
                matrices.forEach(StoredRun.Matrix::close);
            }
            NpyLabels.write(files.file("labels.npy").orElseThrow(), stored.labels());
            NpyLabels.write(files.file("test_labels.npy").orElseThrow(), stored.testLabels());
            Path predictions = run.resolve(RunFolders.PREDICTIONS);
            if (Files.exists(predictions)) {
                files.matrix("predictions.npy", PredictionsCsv.scores(predictions));
            }
            print(stored, files);
        }
        return ExitCodes.RIGHT.code();
    }

    private static void write(GramStore store, Path file) {
        NpyType type = store.spec().precision() == Precision.F32 ? NpyType.F32 : NpyType.F64;
        int rows = store.plan().rows();
        int cols = store.plan().cols();
        try (NpyWriter writer = NpyWriter.open(file, type, rows, cols)) {
            new GramReader(store).forEachRowBlock((rowBegin, rowEnd, values) -> {
                for (int row = 0; row < rowEnd - rowBegin; row++) {
                    writer.writeRow(Arrays.copyOfRange(values, row * cols, (row + 1) * cols));
                }
            });
            writer.commit();
        }
    }

    private void print(KernelData stored, OutputFiles files) {
        Map<String, Object> fields = new LinkedHashMap<>();
        ResultOptions.Lines lines = new ResultOptions.Lines();
        fields.put("train", stored.size());
        fields.put("test", stored.requiredCross().rows());
        fields.put("dtype", stored.precision() == Precision.F32 ? "float32" : "float64");
        fields.put("out", files.place());
        fields.put("files", files.written());
        lines.add("files", "%s in %s", String.join(", ", files.written()), String.valueOf(files.place()));
        result.print(spec.commandLine().getOut(), spec.commandLine().getErr(), fields, lines, List.of());
    }
}

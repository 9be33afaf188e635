package cntk.cli;

import cntk.dataset.InputException;
import cntk.report.PairedTest;
import cntk.report.PredictionsCsv;
import cntk.report.RunRecord;
import cntk.report.TableCsv;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cntk compare}: runs side by side. */
@Command(
        name = "compare",
        header = "Runs side by side.",
        customSynopsis = "cntk compare RUN RUN... [OPTIONS]",
        description = {
            "Accuracies, times and options of finished runs; for runs of the same test",
            "images how often they agree, and McNemar's exact test whether one is better.",
            ""
        })
final class CompareCommand implements Callable<Integer> {
    private static final List<String> RESULTS = List.of(
            "network",
            "kind",
            "precision",
            "train",
            "test",
            "ridge",
            "accuracy",
            "accuracy_low",
            "accuracy_high",
            "condition",
            "kernel_seconds",
            "solve_seconds",
            "pairs_per_second",
            "backend",
            "threads");

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "RUN", arity = "2..*", description = "The --out of a finished run.")
    private List<Path> runs;

    @Mixin
    private ResultOptions result;

    private record Compared(Path directory, RunRecord record, boolean[] right, int[] predicted) {
        String testHash() {
            return record.data().stream()
                    .filter(data -> data.role().equals("test"))
                    .map(RunRecord.Data::sha256)
                    .findFirst()
                    .orElse("");
        }
    }

    @Override
    public Integer call() {
        List<Compared> compared = new ArrayList<>();
        for (Path run : runs) {
            compared.add(read(run));
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        ResultOptions.Lines lines = new ResultOptions.Lines();
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Compared one : compared) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("run", one.directory().toString());
            RESULTS.forEach(name -> row.put(name, one.record().results().get(name)));
            row.put("normalize", one.record().options().get("normalize"));
            row.put("augment", one.record().options().get("augment"));
            rows.add(row);
        }
        fields.put("runs", rows);
        lines.add("", "%s", table(rows));
        fields.put("pairs", pairs(compared, lines));
        if (result.out != null) {
            OutputFiles files = OutputFiles.in(result.out);
            files.file("compare.csv")
                    .ifPresent(file -> TableCsv.write(
                            file,
                            List.copyOf(rows.getFirst().keySet()),
                            rows.stream()
                                    .map(row -> new ArrayList<>(row.values()))
                                    .toList()));
        }
        result.print(spec.commandLine().getOut(), spec.commandLine().getErr(), fields, lines, List.of());
        return ExitCodes.RIGHT.code();
    }

    private static Compared read(Path run) {
        Path record = run.resolve(RunFolders.RECORD);
        Path predictions = run.resolve(RunFolders.PREDICTIONS);
        if (!Files.exists(record) || !Files.exists(predictions)) {
            throw new InputException(run + " is not a finished run: it holds no "
                    + (Files.exists(record) ? RunFolders.PREDICTIONS : RunFolders.RECORD));
        }
        int[][] columns = PredictionsCsv.labels(predictions);
        boolean[] right = new boolean[columns.length];
        int[] predicted = new int[columns.length];
        for (int image = 0; image < columns.length; image++) {
            right[image] = columns[image][0] == columns[image][1];
            predicted[image] = columns[image][1];
        }
        return new Compared(run, RunRecord.read(record), right, predicted);
    }

    /** A column for each run. */
    private static String table(List<Map<String, Object>> rows) {
        StringBuilder text = new StringBuilder();
        for (String name : rows.getFirst().keySet()) {
            text.append(String.format(Locale.ROOT, "%n%-18s", name));
            for (Map<String, Object> row : rows) {
                Object value = row.get(name);
                String word = value instanceof Double number
                        ? String.format(Locale.ROOT, "%.5g", number)
                        : String.valueOf(value);
                text.append(String.format(Locale.ROOT, "  %-24s", word));
            }
        }
        return text.toString().stripTrailing();
    }

    private static List<Map<String, Object>> pairs(List<Compared> runs, ResultOptions.Lines lines) {
        List<Map<String, Object>> pairs = new ArrayList<>();
        for (int first = 0; first < runs.size(); first++) {
            for (int second = first + 1; second < runs.size(); second++) {
                Compared a = runs.get(first);
                Compared b = runs.get(second);
                if (sameTest(a, b)) {
                    pairs.add(pair(a, b, lines));
                }
            }
        }
        return pairs;
    }

    /** Preprocessing is part of the hash, so equal numbers of the same data set count too. */
    private static boolean sameTest(Compared a, Compared b) {
        return a.right().length == b.right().length
                && (a.testHash().equals(b.testHash())
                        || Objects.equals(
                                a.record().options().get("data"),
                                b.record().options().get("data")));
    }

    private static Map<String, Object> pair(Compared a, Compared b, ResultOptions.Lines lines) {
        PairedTest test = PairedTest.of(a.right(), b.right());
        int agree = 0;
        for (int image = 0; image < a.predicted().length; image++) {
            agree += a.predicted()[image] == b.predicted()[image] ? 1 : 0;
        }
        double agreement = agree / (double) a.predicted().length;
        Map<String, Object> pair = new LinkedHashMap<>();
        pair.put("first", a.directory().toString());
        pair.put("second", b.directory().toString());
        pair.put("agreement", agreement);
        pair.put("only_first_right", test.onlyFirst());
        pair.put("only_second_right", test.onlySecond());
        pair.put("p_value", test.pValue());
        lines.add(
                "pair",
                "%s and %s agree on %.2f %%; only the first is right on %,d, only the second on %,d, p = %.3g",
                a.directory(),
                b.directory(),
                100 * agreement,
                test.onlyFirst(),
                test.onlySecond(),
                test.pValue());
        return pair;
    }
}

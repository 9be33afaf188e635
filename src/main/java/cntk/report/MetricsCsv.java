package cntk.report;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;

/** {@code metrics.csv}: rows {@code metric,value}; accuracies from 0 to 1, times in seconds; classes as {@code accuracy.cat}. */
public final class MetricsCsv {
    private MetricsCsv() {}

    /** Writes the file whole or not at all. */
    public static void write(Path file, RunResult result) {
        CSVFormat format = CSVFormat.RFC4180
                .builder()
                .setRecordSeparator('\n')
                .setHeader("metric", "value")
                .get();
        WholeFile.write(file, out -> {
            CSVPrinter csv = new CSVPrinter(out, format); // closing it would close the file before its fsync
            for (Map.Entry<String, Number> metric : metrics(result).entrySet()) {
                csv.printRecord(metric.getKey(), metric.getValue());
            }
        });
    }

    /** The metrics in the order of the file. */
    static Map<String, Number> metrics(RunResult result) {
        Map<String, Number> metrics = new LinkedHashMap<>();
        Proportion overall = result.evaluation().overall();
        metrics.put("accuracy", overall.share());
        metrics.put("accuracy_low", overall.low());
        metrics.put("accuracy_high", overall.high());
        metrics.put("correct", overall.successes());
        metrics.put("train", result.train());
        metrics.put("test", result.test());
        metrics.put("pairs", result.kernel().pairs());
        metrics.put("kernel_seconds", result.kernel().seconds());
        metrics.put("pairs_per_second", result.kernel().pairsPerSecond());
        metrics.put("solve_seconds", result.solve().seconds());
        metrics.put("ridge", result.solve().ridge());
        metrics.put("condition", result.solve().condition());
        for (int c = 0; c < result.evaluation().classNames().size(); c++) {
            String name = result.evaluation().classNames().get(c);
            Proportion share = result.evaluation().ofClass(c);
            metrics.put("test." + name, share.trials());
            metrics.put("correct." + name, share.successes());
            if (share.trials() > 0) {
                metrics.put("accuracy." + name, share.share());
            }
        }
        return metrics;
    }
}

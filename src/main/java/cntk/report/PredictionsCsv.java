package cntk.report;

import cntk.dataset.Labels;
import cntk.solve.Predictions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;

/**
 * {@code predictions.csv}: a row per test image with {@code index} (from 0, file order), {@code label}, {@code predicted},
 * the names of both, and {@code score_0} ... with all digits a double needs.
 */
public final class PredictionsCsv {
    private PredictionsCsv() {}

    /** Writes the file whole or not at all. */
    public static void write(Path file, Predictions predictions, Labels labels) {
        List<String> header = new ArrayList<>(List.of("index", "label", "predicted", "label_name", "predicted_name"));
        for (int c = 0; c < predictions.classes(); c++) {
            header.add("score_" + c);
        }
        CSVFormat format = CSVFormat.RFC4180
                .builder()
                .setRecordSeparator('\n')
                .setHeader(header.toArray(String[]::new))
                .get();
        WholeFile.write(file, out -> {
            CSVPrinter csv = new CSVPrinter(out, format); // closing it would close the file before its fsync
            for (int image = 0; image < predictions.count(); image++) {
                csv.printRecord(row(predictions, labels, image));
            }
        });
    }

    private static List<Object> row(Predictions predictions, Labels labels, int image) {
        int label = labels.of(image);
        int predicted = predictions.predicted(image);
        List<Object> row = new ArrayList<>();
        row.add(image);
        row.add(label);
        row.add(predicted);
        row.add(labels.classNames().get(label));
        row.add(labels.classNames().get(predicted));
        for (int c = 0; c < predictions.classes(); c++) {
            row.add(predictions.score(image, c));
        }
        return row;
    }
}

package cntk.report;

import cntk.dataset.InputException;
import cntk.dataset.Labels;
import cntk.solve.Predictions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVPrinter;
import org.apache.commons.csv.CSVRecord;

/**
 * {@code predictions.csv}: a row per test image with {@code index} (from 0, file order), {@code label}, {@code predicted},
 * the names of both, and {@code score_0} ... with all digits a double needs.
 */
public final class PredictionsCsv {
    /** Columns before the scores. */
    private static final int SCORES = 5;

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

    /** The scores of a file that {@link #write} wrote, [image][class]. */
    public static double[][] scores(Path file) {
        return read(file, record -> {
                    double[] scores = new double[record.size() - SCORES];
                    for (int c = 0; c < scores.length; c++) {
                        scores[c] = Double.parseDouble(record.get(SCORES + c));
                    }
                    return scores;
                })
                .toArray(double[][]::new);
    }

    /** Label and predicted class of every image of a file that {@link #write} wrote, [image][2]. */
    public static int[][] labels(Path file) {
        return read(file, record -> new int[] {Integer.parseInt(record.get(1)), Integer.parseInt(record.get(2))})
                .toArray(int[][]::new);
    }

    private static <T> List<T> read(Path file, Function<CSVRecord, T> row) {
        try (CSVParser rows = CSVParser.parse(
                file,
                StandardCharsets.UTF_8,
                CSVFormat.RFC4180
                        .builder()
                        .setHeader()
                        .setSkipHeaderRecord(true)
                        .get())) {
            return rows.stream().map(row).toList();
        } catch (IOException | UncheckedIOException | IllegalArgumentException | IndexOutOfBoundsException damaged) {
            throw new InputException(file + " is not a table of predictions: " + damaged.getMessage(), damaged);
        }
    }
}

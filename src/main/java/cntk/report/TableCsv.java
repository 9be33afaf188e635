package cntk.report;

import java.nio.file.Path;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;

/** CSV files of a header and rows, with all digits that a double needs; there whole or not at all. */
public final class TableCsv {
    private TableCsv() {}

    /** Replaces the file. */
    public static void write(Path file, List<String> header, List<? extends List<?>> rows) {
        CSVFormat format = CSVFormat.RFC4180
                .builder()
                .setRecordSeparator('\n')
                .setHeader(header.toArray(String[]::new))
                .get();
        WholeFile.write(file, out -> {
            CSVPrinter csv = new CSVPrinter(out, format); // closing it would close the file before its fsync
            for (List<?> row : rows) {
                csv.printRecord(row);
            }
        });
    }
}

package cntk.cli;

import cntk.report.Json;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the results of a command go: files, and one JSON object or lines for people on standard output. */
final class ResultOptions {
    private static final int LABEL = 12;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Files of the results; default: DIR/COMMAND for --run DIR, none for .npy files.")
    @Nullable
    Path out;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    /** Lines of a label and a text. */
    static final class Lines {
        private final List<String> lines = new ArrayList<>();

        /** Adds a line; {@code format} and its arguments as {@link String#format}. */
        @SuppressWarnings("AnnotateFormatMethod") // its annotation would be one more dependency
        void add(String label, String format, Object... arguments) {
            lines.add(String.format(Locale.ROOT, "%-" + LABEL + "s", label)
                    + String.format(Locale.ROOT, format, arguments));
        }
    }

    /** Prints the fields or the lines, and the warnings in both cases on {@code err}. */
    void print(PrintWriter page, PrintWriter err, Map<String, Object> fields, Lines lines, List<String> warnings) {
        warnings.forEach(warning -> err.println("cntk: warning: " + warning));
        err.flush();
        if (json) {
            page.println(Json.text(fields));
        } else {
            lines.lines.forEach(page::println);
        }
        page.flush();
    }

    /** JSON has no NaN and no infinity. */
    static @Nullable Double number(double value) {
        return Double.isFinite(value) ? value : null;
    }
}

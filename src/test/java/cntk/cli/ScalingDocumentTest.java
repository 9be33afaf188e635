package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * src/docs/scaling.md says what {@code cntk plan} says: blocks that begin with {@code $ ./cntk plan} are its output, and a table
 * below a line {@code `./cntk plan OPTIONS`} has more options at the head of each column and a line of the output in each row.
 */
class ScalingDocumentTest {
    private static final Path DOCUMENT = Path.of("src/docs/scaling.md");
    private static final Path RENEWED = Path.of("target/scaling.md");
    private static final Pattern WORD = Pattern.compile("'([^']*)'|(\\S+)");
    private static final Pattern LINE = Pattern.compile("(\\S+(?: \\S+)*) {2,}(.*)");
    private static final String COMMAND = "./cntk plan";

    private final Map<String, String> outputs = new HashMap<>();
    private int blocks;
    private int cells;

    @Test
    void numbersAreThoseOfTheCommand() throws IOException {
        String document = Files.readString(DOCUMENT);
        String renewed = renewed(document.lines().toList());
        Files.writeString(RENEWED, renewed);
        assertThat(document).as("%s has what it should be", RENEWED).isEqualTo(renewed);
        assertThat(blocks).isPositive();
        assertThat(cells).isGreaterThan(80);
        for (String train : new String[] {"1000000", "5000000"}) {
            for (String gpus : new String[] {"64", "512"}) {
                assertThat(document).contains("`--train " + train + " --gpus " + gpus + "`");
            }
        }
    }

    private String renewed(List<String> lines) {
        List<String> out = new ArrayList<>();
        String table = "";
        List<String> columns = List.of();
        boolean skipping = false;
        for (String line : lines) {
            skipping &= !line.startsWith("```");
            if (line.startsWith("$ " + COMMAND)) {
                out.add(line);
                out.addAll(output(line.substring(2)).lines().toList());
                skipping = true;
                blocks++;
            } else if (line.startsWith("`" + COMMAND)) {
                table = line.replaceAll("`", "");
                out.add(line);
            } else if (line.startsWith("| | `--") && !table.isEmpty()) {
                columns = cells(line.replaceAll("`", "")).stream().skip(1).toList();
                out.add(line);
            } else if (line.startsWith("| ") && !columns.isEmpty()) {
                out.add(row(table, columns, cells(line).getFirst()));
            } else if (!skipping) {
                columns = line.startsWith("|") ? columns : List.of();
                out.add(line);
            }
        }
        return String.join("\n", out) + "\n";
    }

    private String row(String command, List<String> columns, String label) {
        StringBuilder row = new StringBuilder("| " + label);
        for (String options : columns) {
            row.append(" | ").append(value(output(command + " " + options), label));
            cells++;
        }
        return row.append(" |").toString();
    }

    private static List<String> cells(String line) {
        return Arrays.stream(line.substring(1, line.length() - 1).split("\\|"))
                .map(String::strip)
                .toList();
    }

    private static String value(String output, String label) {
        return output.lines()
                .map(LINE::matcher)
                .filter(line -> line.matches() && line.group(1).equals(label))
                .map(line -> line.group(2))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no line '" + label + "' in\n" + output));
    }

    private String output(String command) {
        return outputs.computeIfAbsent(command, text -> {
            List<String> words = new ArrayList<>();
            Matcher matcher = WORD.matcher(text.substring("./cntk ".length()));
            while (matcher.find()) {
                words.add(matcher.group(1) == null ? matcher.group(2) : matcher.group(1));
            }
            CommandRun run = CommandRun.of(words.toArray(String[]::new));
            assertThat(run.code()).as(text + ": " + run.err()).isZero();
            return run.out();
        });
    }
}

package cntk.arch;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What {@code cntk arch} prints: every layer with its shape and its cost, the canonical text and the id. */
public final class NetworkTable {
    private NetworkTable() {}

    /** The lines of the table, without line ends. */
    public static List<String> lines(Network network) {
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {"#", "layer", "pixels after", "entries/pair", "element-layers"});
        rows.add(new String[] {"", "input " + network.input(), network.before(0).toString(), "", ""});
        for (int index = 0; index < network.layers().size(); index++) {
            boolean spatial = index < network.spatialLayers().size();
            rows.add(new String[] {
                String.valueOf(index + 1),
                CanonicalText.of(network.layers().get(index)),
                network.after(index).toString(),
                count(spatial ? network.entriesPerPair() : 1),
                count(network.elementLayers(index))
            });
        }
        List<String> lines = new ArrayList<>(aligned(rows));
        lines.add("");
        lines.add("network          " + network.architecture().text());
        lines.add("id               " + network.architecture().id());
        lines.add("planes           " + count(network.planes().torusPlanes(network.input())) + " of "
                + count(network.input().pixels()));
        lines.add("element-layers   " + count(network.elementLayers()) + " per pair");
        return lines;
    }

    private static List<String> aligned(List<String[]> rows) {
        int columns = rows.get(0).length;
        int[] width = new int[columns];
        for (String[] row : rows) {
            for (int column = 0; column < columns; column++) {
                width[column] = Math.max(width[column], row[column].length());
            }
        }
        List<String> lines = new ArrayList<>();
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < columns; column++) {
                String space = " ".repeat(width[column] - row[column].length());
                boolean left = column == 1; // words to the left, numbers to the right
                line.append(column == 0 ? "" : "  ").append(left ? row[column] + space : space + row[column]);
            }
            lines.add(line.toString().stripTrailing());
        }
        return lines;
    }

    private static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }
}

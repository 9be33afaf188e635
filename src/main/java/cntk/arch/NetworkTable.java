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
            boolean spatial = index < network.spatial().size();
            rows.add(new String[] {
                String.valueOf(index + 1),
                word(network.layers().get(index)),
                network.after(index).toString(),
                count(spatial ? network.spatial().get(index).entriesAfter() : 1),
                count(network.elementLayers(index))
            });
            if (spatial) {
                addInner(network.spatial().get(index), "  ", rows);
            } else {
                addInner(network.layers().get(index), "  ", rows);
            }
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

    /** The text of a layer; that of a residual layer stands in the rows below it. */
    private static String word(Layer layer) {
        return layer instanceof Layer.Residual ? LayerWords.RESIDUAL : CanonicalText.of(layer);
    }

    private static void addInner(PlacedLayer outer, String indent, List<String[]> rows) {
        for (PlacedLayer layer : outer.branch()) {
            addInner(layer, indent + "+ ", indent, rows);
        }
        for (PlacedLayer layer : outer.shortcut()) {
            addInner(layer, indent + "| ", indent, rows);
        }
    }

    private static void addInner(PlacedLayer layer, String mark, String indent, List<String[]> rows) {
        rows.add(new String[] {
            "",
            mark + word(layer.layer()),
            layer.after().toString(),
            count(layer.entriesAfter()),
            count(layer.elementLayers())
        });
        addInner(layer, indent + "  ", rows);
    }

    /** Behind the readout. */
    private static void addInner(Layer outer, String indent, List<String[]> rows) {
        if (outer instanceof Layer.Residual(List<Layer> branch, List<Layer> shortcut)) {
            branch.forEach(layer -> addInner(layer, indent + "+ ", indent, rows));
            shortcut.forEach(layer -> addInner(layer, indent + "| ", indent, rows));
        }
    }

    private static void addInner(Layer layer, String mark, String indent, List<String[]> rows) {
        rows.add(new String[] {"", mark + word(layer), Extent.ONE.toString(), count(1), count(0)});
        addInner(layer, indent + "  ", rows);
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

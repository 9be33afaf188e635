package cntk.arch;

import cntk.dataset.InputException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The arguments of one layer or preset as they were written, checked while they are read. The first may have gone without its name: it
 * is the one that is asked for first.
 */
final class LayerArguments {
    private static final Pattern NUMBER = Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d{1,4})?");
    private static final Pattern WHOLE = Pattern.compile("-?\\d{1,9}");

    private final Map<String, String> written = new LinkedHashMap<>();
    private final Map<String, String> replaced = new LinkedHashMap<>();
    private final Set<String> known = new TreeSet<>();
    private String unnamed = "";

    /** Reads {@code name=value,...}, of which the first may go without its name. */
    static LayerArguments parse(String inside) {
        LayerArguments arguments = new LayerArguments();
        String[] written = inside.isBlank() ? new String[0] : inside.split(",", -1);
        for (int index = 0; index < written.length; index++) {
            String argument = written[index];
            if (index == 0 && argument.indexOf('=') < 0 && !argument.isBlank()) {
                arguments.putUnnamed(argument.strip());
                continue;
            }
            int equals = argument.indexOf('=');
            String name = equals < 0 ? "" : argument.substring(0, equals).strip();
            String value = argument.substring(equals + 1).strip();
            if (name.isEmpty() || value.isEmpty()) {
                throw new InputException("'" + argument.strip()
                        + "' is not an argument\nhint: write arguments as (name=value,name=value);"
                        + " the first may go without its name");
            }
            arguments.put(name, value);
        }
        return arguments;
    }

    /** Puts a value in place of the one that is written, or adds it. */
    void replace(String name, String value) {
        replaced.put(name, value);
    }

    /** Adds {@code name=value}; a name stands once. */
    void put(String name, String value) {
        if (written.putIfAbsent(name, value) != null) {
            throw new InputException("'" + name + "' is given twice");
        }
    }

    /** Adds a value without a name. */
    void putUnnamed(String value) {
        unnamed = value;
    }

    /** A whole number. */
    int whole(String name, int standard) {
        String text = text(name);
        if (text.isEmpty()) {
            return standard;
        }
        if (!WHOLE.matcher(text).matches()) {
            throw new InputException(name + " is '" + text + "', but must be a whole number");
        }
        return Integer.parseInt(text);
    }

    /** A decimal number in the notation of every language, such as 1.4142 or 1e-3; no names, no suffixes. */
    double number(String name, double standard) {
        String text = text(name);
        if (text.isEmpty()) {
            return standard;
        }
        if (!NUMBER.matcher(text).matches()) {
            throw new InputException(name + " is '" + text + "', but must be a decimal number such as 1.4142");
        }
        return Double.parseDouble(text);
    }

    boolean flag(String name, boolean standard) {
        String text = text(name);
        return switch (text) {
            case "" -> standard;
            case "true" -> true;
            case "false" -> false;
            default -> throw new InputException(name + " is '" + text + "', but must be true or false");
        };
    }

    /** A word of the caller's own vocabulary. */
    String word(String name, String standard) {
        String text = text(name);
        return text.isEmpty() ? standard : text;
    }

    boolean has(String name) {
        return written.containsKey(name) || replaced.containsKey(name);
    }

    /** Names the arguments that exist before any is read, so that a misspelt one is refused before a missing one. */
    void allow(String... names) {
        nameFirst(names[0]);
        known.addAll(List.of(names));
        refuseUnread();
    }

    /** To be called when every argument has been asked for: whatever else was written is a mistake. */
    void refuseUnread() {
        if (!unnamed.isEmpty()) {
            throw new InputException("argument '" + unnamed + "' is too much\nhint: it takes no arguments");
        }
        Set<String> given = new LinkedHashSet<>(written.keySet());
        given.addAll(replaced.keySet());
        for (String name : given) {
            if (!known.contains(name)) {
                String right =
                        known.isEmpty() ? "it takes no arguments" : "its arguments are " + String.join(", ", known);
                throw new InputException("argument '" + name + "' is unknown" + Spelling.hint(name, known, right));
            }
        }
    }

    /** Gives the value without a name to the first argument that is asked for. */
    private void nameFirst(String name) {
        if (!unnamed.isEmpty()) {
            put(name, unnamed);
            unnamed = "";
        }
    }

    private String text(String name) {
        nameFirst(name);
        known.add(name);
        return replaced.getOrDefault(name, written.getOrDefault(name, ""));
    }
}

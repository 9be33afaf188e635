package cntk.arch;

import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Networks beside a main one, as {@code --readouts} names them: values for arguments of its preset, every combination of them
 *
 * <pre>
 *   depth=3,4,6,11 c=0,4,8      of enhanced(depth=14,c=4): twelve networks
 * </pre>
 *
 * or whole networks, separated by {@code |}.
 */
public final class NetworkVariants {
    private static final Pattern PRESET = Pattern.compile("\\s*(\\w+)\\s*(?:\\(([^()]*)\\))?\\s*");
    private static final Pattern VALUES = Pattern.compile("(\\w+)=([^\\s,=]+(?:,[^\\s,=]+)*)");
    private static final int MAX_VARIANTS = 500;

    private NetworkVariants() {}

    /**
     * One of them.
     *
     * @param label such as {@code depth=3,c=4}, or the network's id; also the name of its folder
     */
    public record Variant(String label, Network network) {}

    /**
     * Reads variants of a network.
     *
     * @param arch text of the main network
     * @param variants text of the variants
     * @throws InputException naming the part that is wrong
     */
    public static List<Variant> parse(String arch, String variants, ImageShape shape) {
        List<Variant> parsed = isArguments(variants) ? ofPreset(arch, variants, shape) : ofNetworks(variants, shape);
        Map<String, Variant> byId = new LinkedHashMap<>();
        parsed.forEach(
                variant -> byId.putIfAbsent(variant.network().architecture().id(), variant));
        return List.copyOf(byId.values());
    }

    private static boolean isArguments(String variants) {
        return variants.strip().matches("\\w+\\s*=.*");
    }

    private static List<Variant> ofPreset(String arch, String variants, ImageShape shape) {
        Matcher preset = PRESET.matcher(arch);
        if (!preset.matches() || !Presets.ALL.contains(preset.group(1))) {
            throw new InputException(
                    "the values '" + variants + "' are for the arguments of one preset, but the network is '" + arch
                            + "'\nhint: name whole networks instead, separated by '|'");
        }
        List<Map<String, String>> combinations = new ArrayList<>(List.of(new LinkedHashMap<>()));
        for (String word : variants.strip().split("\\s+")) {
            combinations = combined(combinations, word);
        }
        List<Variant> parsed = new ArrayList<>();
        for (Map<String, String> changed : combinations) {
            parsed.add(ofPreset(preset, changed, shape));
        }
        return parsed;
    }

    /** Every combination so far with every value of one more argument. */
    private static List<Map<String, String>> combined(List<Map<String, String>> combinations, String word) {
        Matcher values = VALUES.matcher(word);
        if (!values.matches()) {
            throw new InputException(
                    "'" + word + "' is not an argument with its values\nhint: write depth=3,4,6 c=0,4");
        }
        List<Map<String, String>> longer = new ArrayList<>();
        for (Map<String, String> before : combinations) {
            for (String value : values.group(2).split(",")) {
                Map<String, String> one = new LinkedHashMap<>(before);
                if (one.put(values.group(1), value) != null) {
                    throw new InputException("'" + values.group(1) + "' is given twice");
                }
                longer.add(one);
            }
        }
        if (longer.size() > MAX_VARIANTS) {
            throw new InputException("more than " + MAX_VARIANTS + " networks are asked for");
        }
        return longer;
    }

    private static Variant ofPreset(Matcher preset, Map<String, String> changed, ImageShape shape) {
        String label = text(changed);
        try {
            LayerArguments arguments = LayerArguments.parse(Objects.requireNonNullElse(preset.group(2), ""));
            changed.forEach(arguments::replace);
            Architecture architecture = new Architecture(Presets.layers(preset.group(1), arguments, shape));
            return new Variant(label, Network.of(architecture, shape));
        } catch (InputException e) {
            throw new InputException("readout " + label + ": " + e.getMessage(), e);
        }
    }

    private static String text(Map<String, String> arguments) {
        List<String> words = new ArrayList<>();
        arguments.forEach((name, value) -> words.add(name + "=" + value));
        return String.join(",", words);
    }

    private static List<Variant> ofNetworks(String variants, ImageShape shape) {
        List<Variant> parsed = new ArrayList<>();
        int nesting = 0;
        int begin = 0;
        for (int at = 0; at <= variants.length(); at++) {
            char character = at < variants.length() ? variants.charAt(at) : '|';
            nesting += character == '(' ? 1 : character == ')' ? -1 : 0;
            if (character == '|' && (nesting <= 0 || at == variants.length())) {
                String text = variants.substring(begin, at).strip();
                Network network = network(text, shape);
                parsed.add(new Variant(network.architecture().id(), network));
                begin = at + 1;
            }
        }
        return parsed;
    }

    private static Network network(String text, ImageShape shape) {
        try {
            return ArchitectureParser.network(text, shape);
        } catch (InputException e) {
            throw new InputException("readout " + text + ": " + e.getMessage(), e);
        }
    }
}

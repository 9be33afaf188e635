package cntk.arch;

import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/** One reading of a network text, from left to right ({@link ArchitectureParser} has the grammar). */
final class NetworkText {
    private static final int MAX_CHARACTERS = 100_000;
    private static final int MAX_NESTING = 50;

    private final String text;
    private final ImageShape shape;
    private int at;

    NetworkText(String text, ImageShape shape) {
        this.text = text;
        this.shape = shape;
    }

    Architecture read() {
        if (text.length() > MAX_CHARACTERS) {
            throw new InputException("the network text has " + text.length() + " characters, but at most "
                    + MAX_CHARACTERS + " are possible");
        }
        List<Layer> layers = items(0, 0);
        if (at < text.length()) {
            throw text.charAt(at) == ')'
                    ? wrongAt(at, "')' closes no group", "remove it, or open the group with '('")
                    : wrongAt(at, "'|' stands outside of residual(...)", "write residual(branch | shortcut)");
        }
        return new Architecture(layers);
    }

    /** Items up to the end of the text or of the group; {@code before} layers stand before the first. */
    private List<Layer> items(int before, int nesting) {
        List<Layer> layers = new ArrayList<>();
        skipSpaces();
        while (at < text.length() && !endsItems(text.charAt(at))) {
            int begin = at;
            boolean group = text.charAt(at) == '(';
            int standing = before + layers.size();
            layers.addAll(group ? group(standing, nesting) : layer(standing, nesting));
            if (before + layers.size() > Architecture.MAX_LAYERS) {
                throw wrongAt(
                        begin, "this makes more than " + Architecture.MAX_LAYERS + " layers", "repeat less often");
            }
            if (at < text.length() && !endsItems(text.charAt(at)) && !Character.isWhitespace(text.charAt(at))) {
                throw wrongAt(at, "'" + text.charAt(at) + "' is not expected here", "separate layers by a space");
            }
            skipSpaces();
        }
        return layers;
    }

    /** {@code (items)xN}. */
    private List<Layer> group(int before, int nesting) {
        int begin = at;
        if (nesting == MAX_NESTING) {
            throw wrongAt(begin, "groups stand " + (nesting + 1) + " deep", "nest at most " + MAX_NESTING + " groups");
        }
        at++;
        List<Layer> body = items(before, nesting + 1);
        if (at == text.length() || text.charAt(at) == '|') {
            throw wrongAt(begin, "the group is not closed", "close it with ')xN', such as '(conv relu)x9'");
        }
        at++;
        if (body.isEmpty()) {
            throw wrongAt(begin, "the group is empty", "write layers between the brackets, such as '(conv relu)x9'");
        }
        int repeats = repeats(begin);
        if ((long) body.size() * repeats > Architecture.MAX_LAYERS) {
            throw wrongAt(
                    begin,
                    "the group makes " + (long) body.size() * repeats + " layers, but a network has at most "
                            + Architecture.MAX_LAYERS,
                    "repeat less often");
        }
        return Collections.nCopies(repeats, body).stream().flatMap(List::stream).toList();
    }

    private int repeats(int groupBegin) {
        int begin = at;
        if (at < text.length() && text.charAt(at) == 'x') {
            at++;
            while (at < text.length() && Character.isLetterOrDigit(text.charAt(at))) {
                at++;
            }
        }
        String digits = text.substring(Math.min(begin + 1, at), at);
        if (!digits.matches("0*[1-9][0-9]{0,3}")) {
            throw wrongAt(
                    groupBegin,
                    digits.isEmpty() ? "the group has no count" : "the group's count is 'x" + digits + "'",
                    "write how often it stands behind the bracket, x1 to x" + Architecture.MAX_LAYERS
                            + ", such as '(conv relu)x9'");
        }
        return Integer.parseInt(digits);
    }

    /** A layer or a preset. */
    private List<Layer> layer(int before, int nesting) {
        int begin = at;
        while (at < text.length() && isWordCharacter(text.charAt(at))) {
            at++;
        }
        String word = text.substring(begin, at);
        if (word.isEmpty()) {
            throw wrongAt(at, "'" + text.charAt(at) + "' is not expected here", "write a layer: " + words());
        }
        if (word.equals(LayerWords.RESIDUAL) && at < text.length() && text.charAt(at) == '(') {
            return List.of(residual(begin, before, nesting));
        }
        try {
            return build(word, arguments(), before);
        } catch (InputException e) {
            String written = text.substring(begin, at);
            throw new InputException(
                    "layer " + (before + 1) + " '" + written + "' at character " + (begin + 1) + ": " + e.getMessage(),
                    e);
        }
    }

    /** {@code residual(branch)} or {@code residual(branch | shortcut)}. */
    private Layer residual(int begin, int before, int nesting) {
        if (nesting == MAX_NESTING) {
            throw wrongAt(begin, "groups stand " + (nesting + 1) + " deep", "nest at most " + MAX_NESTING + " groups");
        }
        at++;
        List<Layer> branch = items(before + 1, nesting + 1);
        List<Layer> shortcut = List.of();
        if (at < text.length() && text.charAt(at) == '|') {
            int bar = at;
            at++;
            shortcut = items(before + 1 + branch.size(), nesting + 1);
            if (shortcut.isEmpty()) {
                throw wrongAt(bar, "the shortcut is empty", "leave '|' out: the shortcut is then the identity");
            }
        }
        if (at == text.length() || text.charAt(at) == '|') {
            throw wrongAt(begin, "the bracket is not closed", "write residual(branch) or residual(branch | shortcut)");
        }
        at++;
        try {
            return new Layer.Residual(branch, shortcut);
        } catch (InputException e) {
            throw new InputException("network text, character " + (begin + 1) + ": " + e.getMessage(), e);
        }
    }

    private static boolean endsItems(char character) {
        return character == ')' || character == '|';
    }

    private List<Layer> build(String word, LayerArguments arguments, int before) {
        if (!Presets.ALL.contains(word)) {
            if (!LayerWords.ALL.contains(word)) {
                List<String> known = Stream.concat(LayerWords.ALL.stream(), Presets.ALL.stream())
                        .toList();
                throw new InputException(
                        "'" + word + "' is not a layer" + Spelling.hint(word, known, "there are " + words()));
            }
            return List.of(LayerWords.layer(word, arguments));
        }
        if (before > 0 && Presets.readsTheImage(word)) {
            throw new InputException("its first layer reads the input image, but " + before
                    + (before == 1 ? " layer stands" : " layers stand") + " before it\nhint: put it first");
        }
        return Presets.layers(word, arguments, shape);
    }

    /** {@code (name=value,...)}, {@code (value,name=value,...)} or nothing. */
    private LayerArguments arguments() {
        if (at == text.length() || text.charAt(at) != '(') {
            return new LayerArguments();
        }
        int close = text.indexOf(')', at);
        String inside = close < 0 ? "" : text.substring(at + 1, close);
        at = close < 0 ? text.length() : close + 1;
        if (close < 0) {
            throw new InputException("the bracket is not closed\nhint: write arguments as (name=value,name=value)");
        }
        return LayerArguments.parse(inside);
    }

    private void skipSpaces() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }

    private static boolean isWordCharacter(char character) {
        return Character.isLetterOrDigit(character) || character == '_' || character == '-';
    }

    private static String words() {
        return String.join(", ", LayerWords.ALL) + ", and the presets " + String.join(", ", Presets.ALL);
    }

    private static InputException wrongAt(int position, String what, String hint) {
        return new InputException("network text, character " + (position + 1) + ": " + what + "\nhint: " + hint);
    }
}

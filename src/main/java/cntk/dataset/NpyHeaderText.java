package cntk.dataset;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Takes apart the Python dictionary in the header of a {@code .npy} file; values stay Python text. */
final class NpyHeaderText {
    private final String text;
    private final String file;
    private int at;

    NpyHeaderText(String text, String file) {
        this.text = text;
        this.file = file;
    }

    /** The fields in their order; the values are what stands between colon and comma. */
    Map<String, String> fields() {
        Map<String, String> fields = new LinkedHashMap<>();
        expect('{');
        while (peek() != '}') {
            String key = value(":");
            expect(':');
            if (fields.put(unquoted(key), value(",}")) != null) {
                throw bad("field " + key + " stands there twice");
            }
            if (peek() != '}') {
                expect(',');
            }
        }
        expect('}');
        if (!text.substring(at).isBlank()) {
            throw bad("something follows the closing brace");
        }
        return fields;
    }

    /** The axes of a Python tuple such as {@code (3, 4)}, {@code (5,)} or {@code ()}. */
    static List<Long> shape(String tuple, String file) {
        List<Long> shape = new ArrayList<>();
        try {
            if (!tuple.startsWith("(") || !tuple.endsWith(")")) {
                throw new NumberFormatException();
            }
            String inner = tuple.substring(1, tuple.length() - 1).strip();
            String axes = inner.endsWith(",") ? inner.substring(0, inner.length() - 1) : inner;
            for (String axis : axes.isEmpty() ? new String[0] : axes.split(",", -1)) {
                String digits = axis.strip();
                // Python 2 writes a long as 10L
                shape.add(Long.parseUnsignedLong(digits.endsWith("L") ? digits.replace("L", "") : digits));
            }
        } catch (NumberFormatException e) {
            throw new InputException(file + " has shape " + tuple + ", expected lengths such as (10, 3, 32, 32)", e);
        }
        return shape;
    }

    /** Everything up to one of the {@code ends} outside of quotes and brackets, without spaces around it. */
    private String value(String ends) {
        int begin = at;
        int depth = 0;
        char quote = 0;
        for (; at < text.length(); at++) {
            char c = text.charAt(at);
            if (quote != 0) {
                quote = c == quote ? 0 : quote;
            } else if (c == '\'' || c == '"') {
                quote = c;
            } else if (depth == 0 && ends.indexOf(c) >= 0) {
                return text.substring(begin, at).strip();
            } else if (c == '(' || c == '[' || c == '{') {
                depth++;
            } else if (c == ')' || c == ']' || c == '}') {
                depth--;
            }
        }
        throw bad("it ends too early");
    }

    private String unquoted(String key) {
        if (key.length() < 2 || (key.charAt(0) != '\'' && key.charAt(0) != '"')) {
            throw bad("field name " + key + " is not quoted");
        }
        return key.substring(1, key.length() - 1);
    }

    private char peek() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
        if (at == text.length()) {
            throw bad("it ends too early");
        }
        return text.charAt(at);
    }

    private void expect(char wanted) {
        if (peek() != wanted) {
            throw bad("'" + wanted + "' was expected at character " + at);
        }
        at++;
    }

    private InputException bad(String what) {
        return new InputException(file + " has a header that is not a Python dictionary: " + what + " in "
                + text.strip().substring(0, Math.min(200, text.strip().length())));
    }
}

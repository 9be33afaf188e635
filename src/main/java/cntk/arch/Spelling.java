package cntk.arch;

import java.util.Collection;

/** Finds the word that was meant. */
public final class Spelling {
    private Spelling() {}

    /** A hint line: the known word within two typing errors of {@code word}, else {@code otherwise}. */
    public static String hint(String word, Collection<String> knownWords, String otherwise) {
        String nearest = "";
        int fewest = Math.min(2, word.length() - 1) + 1;
        for (String known : knownWords) {
            int errors = distance(word, known);
            if (errors < fewest) {
                fewest = errors;
                nearest = known;
            }
        }
        return "\nhint: " + (nearest.isEmpty() ? otherwise : "did you mean '" + nearest + "'? " + otherwise);
    }

    /** Levenshtein distance: letters inserted, dropped or replaced. */
    private static int distance(String left, String right) {
        int[] above = new int[right.length() + 1];
        for (int col = 0; col <= right.length(); col++) {
            above[col] = col;
        }
        for (int row = 1; row <= left.length(); row++) {
            int[] here = new int[right.length() + 1];
            here[0] = row;
            for (int col = 1; col <= right.length(); col++) {
                int replaced = above[col - 1] + (left.charAt(row - 1) == right.charAt(col - 1) ? 0 : 1);
                here[col] = Math.min(replaced, 1 + Math.min(above[col], here[col - 1]));
            }
            above = here;
        }
        return above[right.length()];
    }
}

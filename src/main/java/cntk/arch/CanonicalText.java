package cntk.arch;

import java.util.ArrayList;
import java.util.List;

/** Writes layers in the network language, always the same text for the same layers. */
final class CanonicalText {
    private CanonicalText() {}

    /** Text of one layer, arguments at their defaults left out. */
    static String of(Layer layer) {
        return switch (layer) {
            case Layer.Conv conv ->
                new Arguments()
                        .add("k", String.valueOf(conv.k()), String.valueOf(LayerWords.CONV.k()))
                        .add(
                                "pad",
                                conv.padding().word(),
                                LayerWords.CONV.padding().word())
                        .addWeights(conv, LayerWords.CONV)
                        .after("conv");
            case Layer.Relu() -> "relu";
            case Layer.Flatten() -> "flatten";
            case Layer.GlobalAveragePool() -> "gap";
            case Layer.Dense dense ->
                new Arguments().addWeights(dense, LayerWords.DENSE).after("dense");
        };
    }

    /** Text of a list of layers, repeated groups folded. */
    static String of(List<Layer> layers) {
        return fold(layers.stream().map(CanonicalText::of).toList());
    }

    /** The shortest decimal number that reads back to the same double; whole numbers without a point. */
    static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? Long.toString((long) value)
                : Double.toString(value);
    }

    private static final class Arguments {
        private final List<String> written = new ArrayList<>();

        Arguments add(String name, String value, String standard) {
            if (!value.equals(standard)) {
                written.add(name + "=" + value);
            }
            return this;
        }

        Arguments addWeights(Layer.Weighted layer, Layer.Weighted standard) {
            add("w", number(layer.weightStd()), number(standard.weightStd()));
            add("b", number(layer.biasStd()), number(standard.biasStd()));
            return add("train", String.valueOf(layer.train()), String.valueOf(standard.train()));
        }

        String after(String word) {
            return written.isEmpty() ? word : word + "(" + String.join(",", written) + ")";
        }
    }

    /** A run of {@code repeats} equal groups of {@code period} words. */
    private record Repeat(int period, int repeats) {
        int words() {
            return period * repeats;
        }
    }

    /**
     * Folds from the left: at each word the repetition that covers most words (of those the one with the shortest group) is
     * taken, unless a repetition that starts one word later covers as much, or the folded text would not be shorter.
     */
    private static String fold(List<String> words) {
        Repeat[] longest = longestRepeats(words);
        List<String> out = new ArrayList<>();
        int at = 0;
        while (at < words.size()) {
            Repeat here = longest[at];
            boolean laterIsAsGood = at + 1 < words.size() && longest[at + 1].words() >= here.words();
            String plain = String.join(" ", words.subList(at, at + here.words()));
            String folded = here.repeats() == 1 || laterIsAsGood
                    ? plain
                    : "(" + fold(words.subList(at, at + here.period())) + ")x" + here.repeats();
            if (folded.length() < plain.length()) {
                out.add(folded);
                at += here.words();
            } else {
                out.add(words.get(at));
                at++;
            }
        }
        return String.join(" ", out);
    }

    /** For every word the repetition starting there that covers most words, at least the word itself once. */
    private static Repeat[] longestRepeats(List<String> words) {
        int count = words.size();
        Repeat[] longest = new Repeat[count];
        java.util.Arrays.fill(longest, new Repeat(1, 1));
        for (int period = 1; period <= count / 2; period++) {
            int equalWords = 0; // words from here on that equal the word one period later
            for (int at = count - 1 - period; at >= 0; at--) {
                equalWords = words.get(at).equals(words.get(at + period)) ? equalWords + 1 : 0;
                Repeat candidate = new Repeat(period, equalWords / period + 1);
                if (candidate.repeats() > 1 && candidate.words() > longest[at].words()) {
                    longest[at] = candidate;
                }
            }
        }
        return longest;
    }
}

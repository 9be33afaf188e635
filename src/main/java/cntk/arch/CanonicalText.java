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
                        .add("k", conv.k(), LayerWords.CONV.k())
                        .add("stride", conv.stride(), LayerWords.CONV.stride())
                        .add("pad", conv.padding(), LayerWords.CONV.padding())
                        .addWeights(conv, LayerWords.CONV)
                        .after("conv");
            case Layer.AvgPool pool ->
                new Arguments()
                        .add("k", pool.k(), LayerWords.AVGPOOL.k())
                        .add("stride", pool.stride(), LayerWords.AVGPOOL.stride())
                        .add("pad", pool.padding(), LayerWords.AVGPOOL.padding())
                        .after("avgpool");
            case Layer.Lap lap ->
                new Arguments()
                        .add("c", lap.c(), LayerWords.LAP.c())
                        .add("pad", lap.padding(), LayerWords.LAP.padding())
                        .after("lap");
            case Layer.Relu() -> "relu";
            case Layer.LeakyRelu(double a) ->
                new Arguments().add("a", a, LayerWords.LEAKY_RELU.a()).after("leakyrelu");
            case Layer.Abs() -> "abs";
            case Layer.Erf() -> "erf";
            case Layer.Gelu() -> "gelu";
            case Layer.Sin() -> "sin";
            case Layer.Rbf(double gamma) ->
                new Arguments().add("gamma", gamma, LayerWords.RBF.gamma()).after("rbf");
            case Layer.Gaussian(double gamma) ->
                new Arguments().add("gamma", gamma, LayerWords.GAUSSIAN.gamma()).after("gaussian");
            case Layer.ReluProject() -> "reluproject";
            case Layer.Identity() -> "identity";
            case Layer.Residual(List<Layer> branch, List<Layer> shortcut) ->
                LayerWords.RESIDUAL + "(" + of(branch) + (shortcut.isEmpty() ? "" : " | " + of(shortcut)) + ")";
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

        Arguments add(String name, int value, int standard) {
            return add(name, String.valueOf(value), String.valueOf(standard));
        }

        Arguments add(String name, double value, double standard) {
            return add(name, number(value), number(standard));
        }

        Arguments add(String name, Padding value, Padding standard) {
            return add(name, value.word(), standard.word());
        }

        private Arguments add(String name, String value, String standard) {
            if (!value.equals(standard)) {
                written.add(name + "=" + value);
            }
            return this;
        }

        Arguments addWeights(Layer.Weighted layer, Layer.Weighted standard) {
            add("w", layer.weightStd(), standard.weightStd());
            add("b", layer.biasStd(), standard.biasStd());
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

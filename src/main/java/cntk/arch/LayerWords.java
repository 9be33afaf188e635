package cntk.arch;

import cntk.dataset.InputException;
import java.util.List;

/** The words of the network language that stand for one layer, with their arguments and defaults. */
final class LayerWords {
    /** {@code conv} without arguments. */
    static final Layer.Conv CONV = new Layer.Conv(3, Padding.ZERO, Math.sqrt(2), 0, true);
    /** {@code dense} without arguments. */
    static final Layer.Dense DENSE = new Layer.Dense(1, 0, true);

    static final List<String> ALL = List.of("conv", "relu", "flatten", "gap", "dense");

    private LayerWords() {}

    /**
     * Builds the layer that a word with arguments stands for.
     *
     * @throws InputException for an unknown word, or arguments that are unknown, malformed or out of range; the message does
     *     not yet say where
     */
    static Layer layer(String word, LayerArguments arguments) {
        Layer layer = switch (word) {
            case "conv" -> conv(arguments);
            case "relu" -> new Layer.Relu();
            case "flatten" -> new Layer.Flatten();
            case "gap" -> new Layer.GlobalAveragePool();
            case "dense" -> {
                double weightStd = arguments.number("w", DENSE.weightStd());
                double biasStd = arguments.number("b", DENSE.biasStd());
                yield new Layer.Dense(weightStd, biasStd, arguments.flag("train", DENSE.train()));
            }
            default ->
                throw new InputException("'" + word + "' is not a layer"
                        + Spelling.hint(word, ALL, "layers are " + String.join(", ", ALL)));
        };
        arguments.refuseUnread();
        return layer;
    }

    private static Layer conv(LayerArguments arguments) {
        int k = arguments.whole("k", CONV.k());
        int stride = arguments.whole("stride", 1);
        if (stride != 1) {
            throw new InputException("stride is " + stride + ", but only stride=1 is possible");
        }
        Padding padding = padding(arguments.word("pad", CONV.padding().word()));
        double weightStd = arguments.number("w", CONV.weightStd());
        double biasStd = arguments.number("b", CONV.biasStd());
        return new Layer.Conv(k, padding, weightStd, biasStd, arguments.flag("train", CONV.train()));
    }

    private static Padding padding(String word) {
        return switch (word) {
            case "zero" -> Padding.ZERO;
            case "circular" -> Padding.CIRCULAR;
            default -> throw new InputException("padding is '" + word + "', but only zero and circular are possible");
        };
    }
}

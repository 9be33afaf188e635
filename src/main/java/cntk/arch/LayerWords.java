package cntk.arch;

import cntk.dataset.InputException;
import java.util.List;

/** The words of the network language that stand for one layer, with their arguments and defaults. */
final class LayerWords {
    /** {@code conv} without arguments. */
    static final Layer.Conv CONV = new Layer.Conv(3, Padding.ZERO, Math.sqrt(2), 0, true);
    /** {@code dense} without arguments. */
    static final Layer.Dense DENSE = new Layer.Dense(1, 0, true);
    /** {@code avgpool} without arguments. */
    static final Layer.AvgPool AVGPOOL = new Layer.AvgPool(2, 2, Padding.VALID);
    /** {@code lap} without arguments. */
    static final Layer.Lap LAP = new Layer.Lap(4, Padding.ZERO);
    /** {@code leakyrelu} without arguments. */
    static final Layer.LeakyRelu LEAKY_RELU = new Layer.LeakyRelu(0.01);
    /** {@code rbf} without arguments. */
    static final Layer.Rbf RBF = new Layer.Rbf(1);
    /** {@code gaussian} without arguments. */
    static final Layer.Gaussian GAUSSIAN = new Layer.Gaussian(1);

    /** The word whose brackets hold layers. */
    static final String RESIDUAL = "residual";

    static final List<String> ALL = List.of(
            "conv",
            "relu",
            "flatten",
            "gap",
            "dense",
            "avgpool",
            "lap",
            "erf",
            "gelu",
            "leakyrelu",
            "abs",
            "sin",
            "rbf",
            "gaussian",
            "reluproject",
            "identity",
            RESIDUAL);

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
            case "avgpool" -> {
                int k = arguments.whole("k", AVGPOOL.k());
                int stride = arguments.whole("stride", AVGPOOL.stride());
                yield new Layer.AvgPool(k, stride, padding(arguments, AVGPOOL.padding()));
            }
            case "lap" -> new Layer.Lap(arguments.whole("c", LAP.c()), padding(arguments, LAP.padding()));
            case "erf" -> new Layer.Erf();
            case "gelu" -> new Layer.Gelu();
            case "leakyrelu" -> new Layer.LeakyRelu(arguments.number("a", LEAKY_RELU.a()));
            case "abs" -> new Layer.Abs();
            case "sin" -> new Layer.Sin();
            case "rbf" -> new Layer.Rbf(arguments.number("gamma", RBF.gamma()));
            case "gaussian" -> new Layer.Gaussian(arguments.number("gamma", GAUSSIAN.gamma()));
            case "reluproject" -> new Layer.ReluProject();
            case "identity" -> new Layer.Identity();
            case RESIDUAL ->
                throw new InputException(
                        "its branch is missing\nhint: write layers in brackets, such as residual(relu conv relu conv)");
            default ->
                throw new InputException("'" + word + "' is not a layer"
                        + Spelling.hint(word, ALL, "layers are " + String.join(", ", ALL)));
        };
        arguments.refuseUnread();
        return layer;
    }

    private static Layer conv(LayerArguments arguments) {
        int k = arguments.whole("k", CONV.k());
        int stride = arguments.whole("stride", CONV.stride());
        Padding padding = padding(arguments, CONV.padding());
        double weightStd = arguments.number("w", CONV.weightStd());
        double biasStd = arguments.number("b", CONV.biasStd());
        return new Layer.Conv(k, stride, padding, weightStd, biasStd, arguments.flag("train", CONV.train()));
    }

    private static Padding padding(LayerArguments arguments, Padding standard) {
        String word = arguments.word("pad", standard.word());
        for (Padding padding : Padding.values()) {
            if (padding.word().equals(word)) {
                return padding;
            }
        }
        throw new InputException("padding is '" + word + "', but must be zero, circular or valid");
    }
}

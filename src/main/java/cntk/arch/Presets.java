package cntk.arch;

import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import java.util.ArrayList;
import java.util.List;

/** Whole networks of the literature by name; they expand to plain layers. */
final class Presets {
    static final List<String> ALL = List.of("cntk", "fc");

    private static final int MAX_DEPTH = Architecture.MAX_LAYERS / 2 - 1;

    private Presets() {}

    /** Expands a preset for images of the given shape; the message of an error does not yet say where. */
    static List<Layer> layers(String word, LayerArguments arguments, ImageShape shape) {
        return switch (word) {
            case "cntk" -> cntk(arguments, shape);
            case "fc" -> fullyConnected(arguments);
            default -> throw new IllegalArgumentException(word);
        };
    }

    /** Whether the layers depend on the channels and the size of the input image. */
    static boolean readsTheImage(String word) {
        return word.equals("cntk");
    }

    /**
     * Arora et al. 2019, "On exact computation with an infinitely wide neural net", and their published code: depth-1 pairs
     * of a zero-padded 3x3 convolution and a ReLU, then the readout. Their first layer sums over the window and the channels
     * and their last one over the pixels of the trace, where we average; the weights make up for it (maths.md eq. 12).
     */
    private static List<Layer> cntk(LayerArguments arguments, ImageShape shape) {
        arguments.allow("depth", "readout", "fix");
        int depth = depth(arguments, 2);
        Readout readout = readout(arguments.word("readout", "gap"));
        boolean gap = readout == Readout.GLOBAL_AVERAGE_POOL;
        boolean fix = arguments.flag("fix", gap);
        List<Layer> layers = new ArrayList<>();
        layers.add(new Layer.Conv(3, Padding.ZERO, Math.sqrt(9.0 * shape.channels()), 0, !fix));
        layers.add(new Layer.Relu());
        for (int conv = 2; conv < depth; conv++) {
            layers.add(LayerWords.CONV);
            layers.add(new Layer.Relu());
        }
        layers.add(gap ? new Layer.GlobalAveragePool() : new Layer.Flatten());
        double readoutVariance = gap ? 2.0 / 9 : 2.0 * shape.pixels() / 9;
        layers.add(new Layer.Dense(Math.sqrt(readoutVariance), 0, !fix));
        return layers;
    }

    /** A fully connected ReLU net of {@code depth} dense layers with equal w and b (Jacot et al. 2018: w=1, b=0.1). */
    private static List<Layer> fullyConnected(LayerArguments arguments) {
        arguments.allow("depth", "w", "b");
        int depth = depth(arguments, 1);
        Layer.Dense dense = new Layer.Dense(arguments.number("w", Math.sqrt(2)), arguments.number("b", 0), true);
        List<Layer> layers = new ArrayList<>(List.of(new Layer.Flatten(), dense));
        for (int layer = 2; layer <= depth; layer++) {
            layers.add(new Layer.Relu());
            layers.add(dense);
        }
        return layers;
    }

    private static int depth(LayerArguments arguments, int least) {
        int depth = arguments.whole("depth", 0);
        if (!arguments.has("depth")) {
            throw new InputException("the depth is missing\nhint: write depth=N, N from " + least + " to " + MAX_DEPTH);
        }
        if (depth < least || depth > MAX_DEPTH) {
            throw new InputException(
                    "depth is " + depth + ", but must be a whole number from " + least + " to " + MAX_DEPTH);
        }
        return depth;
    }

    private static Readout readout(String word) {
        return switch (word) {
            case "gap" -> Readout.GLOBAL_AVERAGE_POOL;
            case "flatten" -> Readout.FLATTEN;
            default -> throw new InputException("readout is '" + word + "', but must be gap or flatten");
        };
    }
}

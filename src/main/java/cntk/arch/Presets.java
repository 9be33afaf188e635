package cntk.arch;

import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Whole networks of the literature by name; they expand to plain layers. */
public final class Presets {
    /**
     * A preset for people.
     *
     * @param usage with all arguments, at their defaults where they have any
     * @param what it is
     * @param source where it comes from
     */
    public record Description(String usage, String what, String source) {}

    static final List<String> ALL = List.of("cntk", "fc", "myrtle5", "myrtle7", "myrtle10", "enhanced", "resnet");

    private static final int MAX_DEPTH = Architecture.MAX_LAYERS / 2 - 1;
    private static final int MAX_BLOCKS = 50;
    private static final int LAST_MEANS = 3;
    private static final Layer RELU = new Layer.Relu();

    private static final String SHANKAR = "Shankar et al. 2020, Neural Kernels Without Tangents";

    private Presets() {}

    /** All presets with their sources. */
    public static List<Description> describe() {
        return List.of(
                new Description(
                        "cntk(depth=D,readout=gap,fix=true)",
                        "D-1 convolutions and a readout; readout=gap or flatten; fix freezes the first and the last layer,"
                                + " default for gap",
                        "Arora et al. 2019, On exact computation with an infinitely wide neural net, and its code"),
                new Description(
                        "enhanced(depth=D,c=4,pad=zero)",
                        "D convolutions, local average pooling over (2c+1)x(2c+1) pixels, all layers trained",
                        "Li et al. 2019, Enhanced convolutional neural tangent kernels"),
                new Description("myrtle5(style=nt)", "5 layers, three stages", myrtleSource()),
                new Description("myrtle7(style=nt)", "7 layers, three stages", myrtleSource()),
                new Description("myrtle10(style=nt)", "10 layers, three stages", myrtleSource()),
                new Description(
                        "resnet(blocks=1,w=1)",
                        "wide residual net, three groups of blocks of two convolutions, the last two begin with stride 2",
                        "Zagoruyko and Komodakis 2016, as Novak et al. 2020, Neural Tangents, have it"),
                new Description(
                        "fc(depth=D,w=1.4142135623730951,b=0)",
                        "D dense layers with ReLUs between them",
                        "Jacot et al. 2018 (w=1, b=0.1); NNGP: Lee et al. 2018, Deep neural networks as Gaussian processes"));
    }

    private static String myrtleSource() {
        return SHANKAR
                + "; style=nt: Novak et al. 2020, Neural Tangents, with NTK; style=shankar: the original, NNGP only";
    }

    /** Expands a preset for images of the given shape; the message of an error does not yet say where. */
    static List<Layer> layers(String word, LayerArguments arguments, ImageShape shape) {
        return switch (word) {
            case "cntk" -> cntk(arguments, shape);
            case "fc" -> fullyConnected(arguments);
            case "myrtle5" -> myrtle(arguments, 2, 1, 1);
            case "myrtle7" -> myrtle(arguments, 2, 2, 2);
            case "myrtle10" -> myrtle(arguments, 3, 3, 3);
            case "enhanced" -> enhanced(arguments);
            case "resnet" -> resnet(arguments);
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
        layers.add(RELU);
        layers.addAll(repeated(depth - 2, LayerWords.CONV, RELU));
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
        layers.addAll(repeated(depth - 1, RELU, dense));
        return layers;
    }

    /**
     * The nets of Shankar et al. 2020: three stages of convolutions, a 2x2 mean behind the first two, then the mean of the last 8x8
     * pixels. Neural Tangents' example writes that mean as three more 2x2 means (for images of 32x32) and adds a dense
     * layer; the original ends in the ReLU kernel of the normalised means.
     */
    private static List<Layer> myrtle(LayerArguments arguments, int first, int second, int third) {
        arguments.allow("style");
        String style = arguments.word("style", "nt");
        List<Layer> layers = new ArrayList<>(repeated(first, LayerWords.CONV, RELU));
        layers.add(LayerWords.AVGPOOL);
        layers.addAll(repeated(second, LayerWords.CONV, RELU));
        layers.add(LayerWords.AVGPOOL);
        layers.addAll(repeated(third, LayerWords.CONV, RELU));
        switch (style) {
            case "nt" -> {
                layers.addAll(Collections.nCopies(LAST_MEANS, LayerWords.AVGPOOL));
                layers.add(new Layer.Flatten());
                layers.add(new Layer.Dense(Math.sqrt(2), 0, true));
            }
            case "shankar" -> {
                layers.add(new Layer.GlobalAveragePool());
                layers.add(new Layer.ReluProject());
            }
            default -> throw new InputException("style is '" + style + "', but must be nt or shankar");
        }
        return layers;
    }

    /** Li et al. 2019: the CNTK with local average pooling before the trace; their depth counts convolutions. */
    private static List<Layer> enhanced(LayerArguments arguments) {
        arguments.allow("depth", "c", "pad");
        int depth = depth(arguments, 1);
        LayerArguments ofLap = new LayerArguments();
        ofLap.put("c", arguments.word("c", String.valueOf(LayerWords.LAP.c())));
        ofLap.put("pad", arguments.word("pad", LayerWords.LAP.padding().word()));
        List<Layer> layers = new ArrayList<>(repeated(depth, LayerWords.CONV, RELU));
        layers.add(LayerWords.layer("lap", ofLap));
        layers.add(new Layer.Flatten());
        layers.add(LayerWords.DENSE);
        return layers;
    }

    /** The wide residual net of Neural Tangents' example: activation before convolution, projections where groups begin. */
    private static List<Layer> resnet(LayerArguments arguments) {
        arguments.allow("blocks", "w");
        int blocks = arguments.whole("blocks", 1);
        if (blocks < 1 || blocks > MAX_BLOCKS) {
            throw new InputException("blocks is " + blocks + ", but must be a whole number from 1 to " + MAX_BLOCKS);
        }
        double weightStd = arguments.number("w", 1);
        Layer conv = new Layer.Conv(3, Padding.ZERO, weightStd, 0, true);
        Layer block = new Layer.Residual(List.of(RELU, conv, RELU, conv), List.of());
        List<Layer> layers = new ArrayList<>(List.of(conv));
        for (int stride : new int[] {1, 2, 2}) {
            Layer strided = new Layer.Conv(3, stride, Padding.ZERO, weightStd, 0, true);
            layers.add(new Layer.Residual(List.of(RELU, strided, RELU, conv), List.of(strided)));
            layers.addAll(Collections.nCopies(blocks - 1, block));
        }
        layers.add(new Layer.GlobalAveragePool());
        layers.add(LayerWords.DENSE);
        return layers;
    }

    private static List<Layer> repeated(int times, Layer... group) {
        return Collections.nCopies(times, List.of(group)).stream()
                .flatMap(List::stream)
                .toList();
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

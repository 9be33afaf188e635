package cntk.finite;

import cntk.arch.Extent;
import cntk.arch.Layer;
import cntk.arch.Network;
import cntk.dataset.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A network of finite width with weights drawn from N(0,1): outputs by a forward pass, gradients by backpropagation, in plain
 * loops. Knows maths.md eq. 1 and no kernel.
 */
public final class FiniteNetwork {
    private final int inputChannels;
    private final int width;
    private final Random random;
    private final List<double[]> trained = new ArrayList<>();
    private final List<Stage> stages;
    private int channels; // behind the stages made so far, with the extent below
    private Extent extent;

    /**
     * Draws the weights.
     *
     * @param width channels behind every convolution and dense layer, the last one included
     * @throws InputException if a layer is a kernel without a function
     */
    public FiniteNetwork(Network network, int width, long seed) {
        this.inputChannels = network.input().channels();
        this.width = width;
        this.random = new Random(seed);
        this.channels = inputChannels;
        this.extent = Extent.of(network.input());
        this.stages = stages(network.layers());
    }

    /** What one image gives: all outputs, and the gradient of the first by every trained weight. */
    public record Answer(double[] outputs, double[][] gradients) {
        /** Mean over the outputs of f(x) f(x'): estimates the NNGP kernel. */
        public double nngp(Answer other) {
            return dot(outputs, other.outputs) / outputs.length;
        }

        /** Inner product of the gradients: estimates the NTK. */
        public double ntk(Answer other) {
            double sum = 0;
            for (int weights = 0; weights < gradients.length; weights++) {
                sum += dot(gradients[weights], other.gradients[weights]);
            }
            return sum;
        }

        private static double dot(double[] left, double[] right) {
            double sum = 0;
            for (int at = 0; at < left.length; at++) {
                sum += left[at] * right[at];
            }
            return sum;
        }
    }

    /** The trained weights and biases, array by array as in {@link Answer#gradients}; writing into them trains the network. */
    public List<double[]> weights() {
        return List.copyOf(trained);
    }

    /** Passes an image [c][i][j] forward, and the first output back. */
    public Answer answer(double[] image) {
        List<Stage.Backward> backs = new ArrayList<>();
        Values out = through(stages, new Values(inputChannels, image.length / inputChannels, image), backs);
        if (out.pixels() != 1) {
            throw new IllegalArgumentException("the network does not end with one position");
        }
        double[] gradient = new double[out.values().length];
        gradient[0] = 1;
        double[][] ofWeights = new double[trained.size()][];
        for (int weights = 0; weights < ofWeights.length; weights++) {
            ofWeights[weights] = new double[trained.get(weights).length];
        }
        back(backs, gradient, ofWeights);
        return new Answer(out.values(), ofWeights);
    }

    private static double[] back(List<Stage.Backward> backs, double[] gradient, double[][] ofWeights) {
        double[] before = gradient;
        for (Stage.Backward back : backs.reversed()) {
            before = back.apply(before, ofWeights);
        }
        return before;
    }

    private static Values through(List<Stage> stages, Values before, List<Stage.Backward> backs) {
        Values values = before;
        for (Stage stage : stages) {
            Stage.Passed passed = stage.forward(values);
            backs.add(passed.back());
            values = passed.out();
        }
        return values;
    }

    private List<Stage> stages(List<Layer> layers) {
        List<Stage> out = new ArrayList<>();
        for (Layer layer : layers) {
            out.add(stage(layer));
        }
        return out;
    }

    private Stage stage(Layer layer) {
        return switch (layer) {
            case Layer.Conv conv -> {
                Windows windows = Windows.of(conv.window(), extent);
                extent = new Extent(
                        conv.window().positions(extent.height()), conv.window().positions(extent.width()));
                yield weighted(conv, windows);
            }
            case Layer.Dense dense -> {
                flatten(); // implied for an image of one pixel, nothing else otherwise
                yield weighted(dense, Windows.all(Extent.ONE));
            }
            case Layer.Pooling pool -> {
                Windows windows = Windows.of(pool.window(), extent);
                extent = new Extent(
                        pool.window().positions(extent.height()), pool.window().positions(extent.width()));
                yield windows.mean();
            }
            case Layer.GlobalAveragePool() -> {
                Windows windows = Windows.all(extent);
                extent = Extent.ONE;
                yield windows.mean();
            }
            case Layer.Flatten() -> flatten();
            case Layer.Nonlinearity nonlinearity ->
                PointFunction.of(nonlinearity).stage();
            case Layer.Residual(List<Layer> branch, List<Layer> shortcut) -> residual(branch, shortcut);
        };
    }

    private Stage flatten() {
        channels *= extent.pixels();
        extent = Extent.ONE;
        return values -> new Stage.Passed(
                new Values(values.channels() * values.pixels(), 1, values.values()), (gradient, _) -> gradient);
    }

    private Stage weighted(Layer.Weighted layer, Windows windows) {
        double[] weights = gaussians(width * channels * windows.places());
        double[] biases = gaussians(width);
        channels = width;
        int place = -1;
        if (layer.train()) {
            place = trained.size();
            trained.add(weights);
            trained.add(biases);
        }
        return new WeightedStage(windows, width, weights, biases, layer.weightStd(), layer.biasStd(), place);
    }

    private Stage residual(List<Layer> branch, List<Layer> shortcut) {
        int channelsBefore = channels;
        Extent extentBefore = extent;
        List<Stage> first = stages(branch);
        int channelsOfBranch = channels;
        channels = channelsBefore;
        extent = extentBefore;
        List<Stage> second = stages(shortcut);
        if (channels != channelsOfBranch) {
            throw new InputException("the ways of a residual layer end with " + channelsOfBranch + " and " + channels
                    + " channels, which cannot be added in a finite network");
        }
        return values -> {
            List<Stage.Backward> firstBacks = new ArrayList<>();
            List<Stage.Backward> secondBacks = new ArrayList<>();
            Values one = through(first, values, firstBacks);
            Values two = through(second, values, secondBacks);
            return new Stage.Passed(
                    one.with(sum(one.values(), two.values())),
                    (gradient, ofWeights) ->
                            sum(back(firstBacks, gradient, ofWeights), back(secondBacks, gradient, ofWeights)));
        };
    }

    private double[] gaussians(int count) {
        double[] out = new double[count];
        for (int at = 0; at < count; at++) {
            out[at] = random.nextGaussian();
        }
        return out;
    }

    private static double[] sum(double[] left, double[] right) {
        double[] out = new double[left.length];
        for (int at = 0; at < out.length; at++) {
            out[at] = left[at] + right[at];
        }
        return out;
    }
}

package cntk.support;

import cntk.arch.Layer;
import cntk.arch.Padding;
import cntk.dataset.ImageShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;

/**
 * A network of finite width with weights drawn from N(0,1): outputs by a forward pass, gradients by backpropagation, in plain
 * loops. Knows maths.md eq. 1 and no kernel. Convolutions with stride 1 and zero padding, means with pad=valid.
 *
 * <p>Values are [channel][pixel], flat.
 */
public final class FiniteNetwork {
    /** Values of one image between two layers. */
    private record Values(int channels, int height, int width, double[] values) {
        int pixels() {
            return height * width;
        }

        Values with(double[] other) {
            return new Values(channels, height, width, other);
        }
    }

    /** From the gradient behind a layer to the one before it; appends the gradients of the trained weights. */
    private interface Backward {
        double[] apply(double[] gradient, List<double[]> ofWeights);
    }

    private record Passed(Values out, Backward back) {}

    private interface Stage {
        Passed forward(Values in);
    }

    private final ImageShape shape;
    private final int width;
    private final Random random;
    private final List<Stage> stages;
    private int channels; // behind the stages made so far, with the size below
    private int rows;
    private int cols;

    /**
     * Draws the weights.
     *
     * @param width channels behind every convolution and dense layer, the last one included
     */
    public FiniteNetwork(List<Layer> layers, ImageShape shape, int width, long seed) {
        this.shape = shape;
        this.width = width;
        this.random = new Random(seed);
        this.channels = shape.channels();
        this.rows = shape.height();
        this.cols = shape.width();
        this.stages = stages(layers);
    }

    /** What one image gives: all outputs, and the gradient of the first by every trained weight. */
    public record Answer(double[] outputs, List<double[]> gradients) {
        /** Mean over the outputs of f(x) f(x'): estimates the NNGP kernel. */
        public double nngp(Answer other) {
            return dot(outputs, other.outputs) / outputs.length;
        }

        /** Inner product of the gradients: estimates the NTK. */
        public double ntk(Answer other) {
            double sum = 0;
            for (int weights = 0; weights < gradients.size(); weights++) {
                sum += dot(gradients.get(weights), other.gradients.get(weights));
            }
            return sum;
        }
    }

    /** Passes an image forward, and the first output back. */
    public Answer answer(double[] image) {
        List<Backward> backs = new ArrayList<>();
        Values values = new Values(shape.channels(), shape.height(), shape.width(), image);
        for (Stage stage : stages) {
            Passed passed = stage.forward(values);
            backs.add(passed.back());
            values = passed.out();
        }
        if (values.pixels() != 1) {
            throw new IllegalArgumentException("the network does not end with one position");
        }
        double[] gradient = new double[values.values().length];
        gradient[0] = 1;
        List<double[]> ofWeights = new ArrayList<>();
        back(backs, gradient, ofWeights);
        return new Answer(values.values(), ofWeights);
    }

    private static double[] back(List<Backward> backs, double[] gradient, List<double[]> ofWeights) {
        double[] before = gradient;
        for (Backward back : backs.reversed()) {
            before = back.apply(before, ofWeights);
        }
        return before;
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
            case Layer.Conv conv when conv.stride() == 1 && conv.padding() == Padding.ZERO -> weighted(conv, conv.k());
            case Layer.Dense dense -> weighted(dense, 1);
            case Layer.AvgPool pool when pool.padding() == Padding.VALID -> mean(pool.k(), pool.k(), pool.stride());
            case Layer.GlobalAveragePool() -> mean(rows, cols, 1);
            case Layer.Flatten() -> {
                channels *= rows * cols;
                rows = 1;
                cols = 1;
                yield values -> new Passed(
                        new Values(values.channels() * values.pixels(), 1, 1, values.values()),
                        (gradient, _) -> gradient);
            }
            case Layer.Relu() -> pointwise(x -> Math.max(x, 0), x -> x > 0 ? 1 : 0);
            case Layer.Erf() -> pointwise(GaussianPlane::erf, x -> 2 / Math.sqrt(Math.PI) * Math.exp(-x * x));
            case Layer.Sin() -> pointwise(Math::sin, Math::cos);
            case Layer.Residual(List<Layer> branch, List<Layer> shortcut) -> residual(branch, shortcut);
            default -> throw new IllegalArgumentException("no finite " + layer);
        };
    }

    private static Stage pointwise(DoubleUnaryOperator function, DoubleUnaryOperator derivative) {
        return values -> {
            double[] in = values.values();
            double[] out = new double[in.length];
            for (int at = 0; at < in.length; at++) {
                out[at] = function.applyAsDouble(in[at]);
            }
            return new Passed(values.with(out), (gradient, _) -> {
                double[] before = new double[in.length];
                for (int at = 0; at < in.length; at++) {
                    before[at] = gradient[at] * derivative.applyAsDouble(in[at]);
                }
                return before;
            });
        };
    }

    private Stage residual(List<Layer> branch, List<Layer> shortcut) {
        int channelsBefore = channels;
        int rowsBefore = rows;
        int colsBefore = cols;
        List<Stage> first = stages(branch);
        channels = channelsBefore;
        rows = rowsBefore;
        cols = colsBefore;
        List<Stage> second = stages(shortcut);
        return values -> {
            List<Backward> firstBacks = new ArrayList<>();
            List<Backward> secondBacks = new ArrayList<>();
            Values one = through(first, values, firstBacks);
            Values two = through(second, values, secondBacks);
            return new Passed(
                    one.with(sum(one.values(), two.values())),
                    (gradient, ofWeights) ->
                            sum(back(firstBacks, gradient, ofWeights), back(secondBacks, gradient, ofWeights)));
        };
    }

    private static Values through(List<Stage> stages, Values before, List<Backward> backs) {
        Values values = before;
        for (Stage stage : stages) {
            Passed passed = stage.forward(values);
            backs.add(passed.back());
            values = passed.out();
        }
        return values;
    }

    private Stage mean(int tall, int wide, int stride) {
        rows = (rows - tall) / stride + 1;
        cols = (cols - wide) / stride + 1;
        int down = rows;
        int across = cols;
        return values -> {
            double[] in = values.values();
            double[] out = new double[values.channels() * down * across];
            double places = tall * wide;
            overWindows(values, tall, wide, stride, down, across, (at, from) -> out[at] += in[from] / places);
            return new Passed(new Values(values.channels(), down, across, out), (gradient, _) -> {
                double[] before = new double[in.length];
                overWindows(
                        values, tall, wide, stride, down, across, (at, from) -> before[from] += gradient[at] / places);
                return before;
            });
        };
    }

    private interface Places {
        void visit(int behind, int before);
    }

    private static void overWindows(Values in, int tall, int wide, int stride, int rows, int cols, Places places) {
        for (int at = 0; at < in.channels() * rows * cols; at++) {
            int channel = at / (rows * cols);
            int row = at / cols % rows * stride;
            int col = at % cols * stride;
            for (int place = 0; place < tall * wide; place++) {
                int pixel = (row + place / wide) * in.width() + col + place % wide;
                places.visit(at, channel * in.pixels() + pixel);
            }
        }
    }

    /** A k x k convolution, or a dense layer as one of 1x1 on one position. */
    private Stage weighted(Layer.Weighted layer, int k) {
        int fanIn = channels * k * k;
        double[] weights = gaussians(width * fanIn);
        double[] biases = gaussians(width);
        channels = width;
        double scale = layer.weightStd() / Math.sqrt(fanIn);
        return values -> {
            int size = values.pixels();
            double[] patches = patches(values, k);
            double[] out = new double[width * size];
            for (int channel = 0; channel < width; channel++) {
                Arrays.fill(out, channel * size, (channel + 1) * size, layer.biasStd() * biases[channel]);
                for (int j = 0; j < fanIn; j++) {
                    double weight = scale * weights[channel * fanIn + j];
                    for (int p = 0; p < size; p++) {
                        out[channel * size + p] += weight * patches[j * size + p];
                    }
                }
            }
            return new Passed(new Values(width, values.height(), values.width(), out), (gradient, ofWeights) -> {
                if (layer.train()) {
                    addGradients(gradient, patches, scale, layer.biasStd(), size, ofWeights);
                }
                return beforePatches(values, k, backThrough(weights, gradient, scale, fanIn, size));
            });
        };
    }

    private void addGradients(
            double[] gradient, double[] patches, double scale, double bias, int size, List<double[]> ofWeights) {
        int fanIn = patches.length / size;
        double[] gradients = new double[width * fanIn];
        double[] ofBiases = new double[width];
        for (int channel = 0; channel < width; channel++) {
            for (int p = 0; p < size; p++) {
                ofBiases[channel] += bias * gradient[channel * size + p];
            }
            for (int j = 0; j < fanIn; j++) {
                double sum = 0;
                for (int p = 0; p < size; p++) {
                    sum += gradient[channel * size + p] * patches[j * size + p];
                }
                gradients[channel * fanIn + j] = scale * sum;
            }
        }
        ofWeights.add(gradients);
        ofWeights.add(ofBiases);
    }

    private double[] backThrough(double[] weights, double[] gradient, double scale, int fanIn, int size) {
        double[] out = new double[fanIn * size];
        for (int channel = 0; channel < width; channel++) {
            for (int j = 0; j < fanIn; j++) {
                double weight = scale * weights[channel * fanIn + j];
                for (int p = 0; p < size; p++) {
                    out[j * size + p] += weight * gradient[channel * size + p];
                }
            }
        }
        return out;
    }

    /** [channel, place in the window][pixel]; 0 outside. */
    private static double[] patches(Values in, int k) {
        double[] out = new double[in.channels() * k * k * in.pixels()];
        overPatches(in, k, (at, from) -> out[at] = in.values()[from]);
        return out;
    }

    private static double[] beforePatches(Values in, int k, double[] patches) {
        double[] out = new double[in.values().length];
        overPatches(in, k, (at, from) -> out[from] += patches[at]);
        return out;
    }

    private static void overPatches(Values in, int k, Places places) {
        for (int at = 0; at < in.channels() * k * k * in.pixels(); at++) {
            int pixel = at % in.pixels();
            int place = at / in.pixels() % (k * k);
            int channel = at / in.pixels() / (k * k);
            int row = pixel / in.width() + place / k - k / 2;
            int col = pixel % in.width() + place % k - k / 2;
            if (row >= 0 && row < in.height() && col >= 0 && col < in.width()) {
                places.visit(at, channel * in.pixels() + row * in.width() + col);
            }
        }
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

    private static double dot(double[] left, double[] right) {
        double sum = 0;
        for (int at = 0; at < left.length; at++) {
            sum += left[at] * right[at];
        }
        return sum;
    }
}

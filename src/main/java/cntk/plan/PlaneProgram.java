package cntk.plan;

import cntk.arch.Architecture;
import cntk.arch.Layer;
import cntk.arch.Network;
import cntk.arch.Padding;
import cntk.dataset.InputException;
import java.util.ArrayList;
import java.util.List;

/**
 * The spatial layers of a network as steps on displacement planes in which no constant is ever multiplied: the weight
 * w^2/k^2 of a convolution and the 1/2 of a ReLU go into {@code unit}, so that a step is window sums, kappa0 and kappa1 alone.
 * Behind a 3x3 convolution S grows up to 9-fold; powers of two put in between keep it in range (maths.md eq. 15).
 *
 * @param steps in order
 * @param unit K = unit * S after the last step, and T = unit * (T~ - S)
 * @param inputExponent every pixel value is multiplied by 2^inputExponent first
 * @param tangentAtInput whether the input sets T~ = S (the first convolution is trained, or there is none) or T~ = 0
 */
public record PlaneProgram(List<PlaneStep> steps, double unit, int inputExponent, boolean tangentAtInput) {
    /** log2 of the largest S allowed: T~ and products of three such numbers still fit the type. */
    private static int mostBits(Precision precision) {
        return switch (precision) {
            case F32 -> 60;
            case F64 -> 480;
        };
    }

    public PlaneProgram {
        steps = List.copyOf(steps);
    }

    /**
     * The steps of the spatial layers of a network.
     *
     * @throws InputException naming the first layer that has no steps yet
     * @param largestVariance largest sum_c x_c^2 of any pixel of any image; only its power of two matters, so that the bits
     *     of a result do not depend on it
     */
    public static PlaneProgram of(Network network, Precision precision, double largestVariance) {
        int inputExponent = largestVariance > 0 ? -Math.floorDiv(Math.getExponent(largestVariance) + 1, 2) : 0;
        return new Builder(network, precision, inputExponent).build();
    }

    /** Non-linearities among the steps: each reads the standard deviations of both images. */
    public int relus() {
        int count = 0;
        for (PlaneStep step : steps) {
            count += switch (step) {
                case PlaneStep.Conv conv -> conv.relu() ? 1 : 0;
                case PlaneStep.Relu() -> 1;
                case PlaneStep.Scale _ -> 0;
            };
        }
        return count;
    }

    /** Largest radius of a window, 0 without convolutions. */
    public int radius() {
        int radius = 0;
        for (PlaneStep step : steps) {
            radius = step instanceof PlaneStep.Conv conv ? Math.max(radius, conv.radius()) : radius;
        }
        return radius;
    }

    /** Carries unit and the bound on S from layer to layer. */
    private static final class Builder {
        private final List<Layer> layers;
        private final int mostBits;
        private final int inputExponent;
        private final List<PlaneStep> steps = new ArrayList<>();
        private double unit;
        private double bits; // log2 of a bound on S

        Builder(Network network, Precision precision, int inputExponent) {
            this.layers = network.spatialLayers();
            this.mostBits = mostBits(precision);
            this.inputExponent = inputExponent;
            this.unit = Math.scalb(1.0 / network.input().channels(), -2 * inputExponent);
        }

        PlaneProgram build() {
            for (int index = 0; index < layers.size(); index++) {
                switch (layers.get(index)) {
                    case Layer.Conv conv
                    when conv.stride() != 1 || conv.padding() == Padding.VALID -> throw notYet(index);
                    case Layer.Conv conv -> {
                        boolean relu = index + 1 < layers.size() && layers.get(index + 1) instanceof Layer.Relu;
                        convolve(conv, relu, index == 0);
                        index += relu ? 1 : 0;
                    }
                    case Layer.Relu() -> {
                        steps.add(new PlaneStep.Relu());
                        unit /= 2;
                    }
                    case Layer.LeakyRelu _,
                            Layer.Abs(),
                            Layer.Erf(),
                            Layer.Gelu(),
                            Layer.Sin(),
                            Layer.Rbf _,
                            Layer.Identity(),
                            Layer.Gaussian _,
                            Layer.ReluProject(),
                            Layer.Pooling _,
                            Layer.Residual _ -> throw notYet(index);
                    case Layer.Flatten(), Layer.GlobalAveragePool(), Layer.Dense _ ->
                        throw new IllegalStateException("layer " + layers.get(index) + " has no place on a plane");
                }
            }
            boolean frozenFirst = !layers.isEmpty() && layers.getFirst() instanceof Layer.Conv conv && !conv.train();
            return new PlaneProgram(steps, unit, inputExponent, !frozenFirst);
        }

        private InputException notYet(int index) {
            return new InputException("layer " + (index + 1) + ": the cpu backend does not compute "
                    + new Architecture(List.of(layers.get(index))).text() + " yet\nhint: --backend oracle does");
        }

        private void convolve(Layer.Conv conv, boolean relu, boolean first) {
            double weight = conv.weightStd() * conv.weightStd() / (conv.k() * conv.k());
            double variance = conv.biasStd() * conv.biasStd();
            if (weight == 0) { // what was is forgotten: K = b^2
                steps.add(new PlaneStep.Scale(0));
                unit = variance > 0 ? variance : 1;
                bits = 0;
            } else {
                unit *= weight;
            }
            double grown = bits + 2 * log2(conv.k());
            double biasBits = variance > 0 ? log2(variance) - log2(unit) : grown;
            double needed = Math.max(grown, biasBits) + 1;
            if (needed > mostBits) {
                int shift = (int) Math.ceil(needed) - 1;
                steps.add(new PlaneStep.Scale(Math.scalb(1.0, -shift)));
                unit = Math.scalb(unit, shift);
                needed -= shift;
            }
            bits = needed;
            steps.add(new PlaneStep.Conv(
                    conv.radius(),
                    conv.padding() == Padding.CIRCULAR,
                    conv.train(),
                    first,
                    variance > 0 ? variance / unit : 0,
                    relu));
            unit /= relu ? 2 : 1;
        }

        private static double log2(double x) {
            return Math.log(x) / Math.log(2);
        }
    }
}

package cntk.finite;

import java.util.Arrays;

/**
 * A convolution, or a dense layer as one of 1x1 on one position; maths.md eq. 1.
 *
 * @param weights [channel behind][channel before * places + place], changed by training
 * @param biases [channel behind]
 * @param place of the weights among those of the network, the biases behind them; -1 for a frozen layer
 */
record WeightedStage(
        Windows windows, int width, double[] weights, double[] biases, double weightStd, double biasStd, int place)
        implements Stage {
    @Override
    public Passed forward(Values values) {
        int fanIn = weights.length / width;
        double scale = weightStd / Math.sqrt(fanIn);
        int size = windows.after();
        double[] patches = windows.gather(values);
        double[] out = new double[width * size];
        for (int channel = 0; channel < width; channel++) {
            Arrays.fill(out, channel * size, (channel + 1) * size, biasStd * biases[channel]);
            for (int j = 0; j < fanIn; j++) {
                double weight = scale * weights[channel * fanIn + j];
                for (int p = 0; p < size; p++) {
                    out[channel * size + p] += weight * patches[j * size + p];
                }
            }
        }
        return new Passed(new Values(width, size, out), (gradient, ofWeights) -> {
            if (place >= 0) {
                addGradients(gradient, patches, scale, ofWeights);
            }
            return windows.scatter(backThrough(gradient, scale, fanIn), values.channels());
        });
    }

    private void addGradients(double[] gradient, double[] patches, double scale, double[][] ofWeights) {
        int size = windows.after();
        int fanIn = weights.length / width;
        for (int channel = 0; channel < width; channel++) {
            for (int p = 0; p < size; p++) {
                ofWeights[place + 1][channel] += biasStd * gradient[channel * size + p];
            }
            for (int j = 0; j < fanIn; j++) {
                double sum = 0;
                for (int p = 0; p < size; p++) {
                    sum += gradient[channel * size + p] * patches[j * size + p];
                }
                ofWeights[place][channel * fanIn + j] += scale * sum;
            }
        }
    }

    private double[] backThrough(double[] gradient, double scale, int fanIn) {
        int size = windows.after();
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
}

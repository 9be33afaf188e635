package cntk.finite;

import cntk.arch.Network;
import java.util.ArrayList;
import java.util.List;

/**
 * Trains a finite network on a handful of images and says how far it leaves the kernel regime; maths.md, eq. 54. The model is
 * alpha (f - f_0), f being the first output, and the loss |alpha (f - f_0) - y|^2 / (2 n alpha^2) (Chizat et al. 2019): with a
 * large alpha the weights hardly move, and the training is that of the kernel.
 */
public final class LazyTraining {
    private final Network network;
    private final double[][] images;
    private final double[] targets;

    /** @param targets one number per image */
    public LazyTraining(Network network, double[][] images, double[] targets) {
        this.network = network;
        this.images = images;
        this.targets = targets;
    }

    /**
     * Where a training ends.
     *
     * @param loss mean over the images of the squared error, halved
     * @param weightChange |theta - theta_0| / |theta_0|
     * @param kernelChange |K - K_0| / |K_0| of the empirical tangent kernel of the images
     * @param departure |outputs - those of the kernel training with K_0| / |y|
     */
    public record Result(
            int width,
            double alpha,
            int steps,
            double loss,
            double weightChange,
            double kernelChange,
            double departure) {}

    /** Full-batch gradient descent with n over the largest eigenvalue of K_0 as learning rate: half of the maximal one. */
    public Result train(int width, double alpha, int steps, long seed) {
        FiniteNetwork finite = new FiniteNetwork(network, width, seed);
        List<double[]> before = finite.weights().stream().map(double[]::clone).toList();
        List<FiniteNetwork.Answer> answers = answers(finite);
        double[][] kernel = WidthStudy.matrix(answers, FiniteNetwork.Answer::ntk);
        double[] start = first(answers);
        double rate = images.length / largestEigenvalue(kernel);
        double[] outputs = new double[images.length];
        double[] linear = new double[images.length];
        for (int step = 0; step < steps; step++) {
            descend(finite, answers, outputs, alpha, rate);
            linear = linearStep(kernel, linear, rate);
            answers = answers(finite);
            double[] now = first(answers);
            for (int image = 0; image < outputs.length; image++) {
                outputs[image] = alpha * (now[image] - start[image]);
            }
        }
        double loss = 0;
        double departure = 0;
        double norm = 0;
        for (int image = 0; image < outputs.length; image++) {
            loss += Math.pow(outputs[image] - targets[image], 2) / 2 / images.length;
            departure += Math.pow(outputs[image] - linear[image], 2);
            norm += targets[image] * targets[image];
        }
        double[][] after = WidthStudy.matrix(answers, FiniteNetwork.Answer::ntk);
        return new Result(
                width,
                alpha,
                steps,
                loss,
                change(before, finite.weights()),
                WidthStudy.distance(after, kernel),
                Math.sqrt(departure / norm));
    }

    private List<FiniteNetwork.Answer> answers(FiniteNetwork finite) {
        List<FiniteNetwork.Answer> answers = new ArrayList<>();
        for (double[] image : images) {
            answers.add(finite.answer(image));
        }
        return answers;
    }

    private static double[] first(List<FiniteNetwork.Answer> answers) {
        return answers.stream().mapToDouble(answer -> answer.outputs()[0]).toArray();
    }

    /** theta <- theta - rate / (n alpha) sum (alpha (f - f_0) - y) grad f. */
    private void descend(
            FiniteNetwork finite, List<FiniteNetwork.Answer> answers, double[] outputs, double alpha, double rate) {
        List<double[]> weights = finite.weights();
        for (int image = 0; image < images.length; image++) {
            double factor = rate * (outputs[image] - targets[image]) / (images.length * alpha);
            for (int array = 0; array < weights.size(); array++) {
                double[] gradient = answers.get(image).gradients()[array];
                double[] values = weights.get(array);
                for (int at = 0; at < values.length; at++) {
                    values[at] -= factor * gradient[at];
                }
            }
        }
    }

    /** One step of the same descent where the kernel stays: outputs - rate/n K (outputs - y). */
    private double[] linearStep(double[][] kernel, double[] outputs, double rate) {
        double[] next = outputs.clone();
        for (int row = 0; row < next.length; row++) {
            for (int col = 0; col < next.length; col++) {
                next[row] -= rate / images.length * kernel[row][col] * (outputs[col] - targets[col]);
            }
        }
        return next;
    }

    private static double change(List<double[]> before, List<double[]> after) {
        double moved = 0;
        double norm = 0;
        for (int array = 0; array < before.size(); array++) {
            for (int at = 0; at < before.get(array).length; at++) {
                moved += Math.pow(after.get(array)[at] - before.get(array)[at], 2);
                norm += before.get(array)[at] * before.get(array)[at];
            }
        }
        return Math.sqrt(moved / norm);
    }

    /** By the power method; the kernel has non-negative eigenvalues. */
    private static double largestEigenvalue(double[][] kernel) {
        double[] v = new double[kernel.length];
        for (int row = 0; row < v.length; row++) {
            v[row] = 1 + 0.1 * row;
        }
        double norm = 0;
        for (int step = 0; step < 1000; step++) {
            double[] next = new double[v.length];
            norm = 0;
            for (int row = 0; row < v.length; row++) {
                for (int col = 0; col < v.length; col++) {
                    next[row] += kernel[row][col] * v[col];
                }
                norm += next[row] * next[row];
            }
            norm = Math.sqrt(norm);
            for (int row = 0; row < v.length; row++) {
                v[row] = next[row] / norm;
            }
        }
        return norm;
    }
}

package cntk.finite;

/** One layer of a finite network: forward, and back through what it did. */
@FunctionalInterface
interface Stage {
    /** From the gradient behind a layer to the one before it; adds the gradients of the trained weights to their places. */
    @FunctionalInterface
    interface Backward {
        double[] apply(double[] gradient, double[][] ofWeights);
    }

    /** Values behind the layer and the way back. */
    record Passed(Values out, Backward back) {}

    Passed forward(Values in);
}

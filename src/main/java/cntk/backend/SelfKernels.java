package cntk.backend;

/**
 * What the networks need of an image with itself.
 *
 * @param headVariances [network][non-linearity of its head]
 * @param diagonal k(x,x) of every network, unscaled; empty unless the kernels are brought to unit diagonal
 */
public record SelfKernels(double[][] headVariances, double[] diagonal) {}

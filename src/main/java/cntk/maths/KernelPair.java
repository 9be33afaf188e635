package cntk.maths;

/**
 * The two kernels of one pair of images: of the outputs (NNGP) and of their gradients (NTK).
 *
 * @param ntk NaN where the network has none
 */
public record KernelPair(double nngp, double ntk) {}

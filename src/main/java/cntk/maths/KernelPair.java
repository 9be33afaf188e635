package cntk.maths;

/** The two kernels of one pair of images: of the outputs (NNGP) and of their gradients (NTK). */
public record KernelPair(double nngp, double ntk) {}

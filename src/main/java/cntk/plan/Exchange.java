package cntk.plan;

/**
 * Where planes meet between two segments: pooling, or what strides and paddings leave of a convolution.
 *
 * @param from segment that sends its planes
 * @param to later segment that loads the sums
 */
public record Exchange(int from, int to, AxisMap rows, AxisMap cols) {}

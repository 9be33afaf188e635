package cntk.plan;

/**
 * What one network reads of the planes of a pair of images.
 *
 * @param network number of the network among those of the program
 * @param weights of the entries of the segment in which {@link PlaneStep.Read} names this readout
 * @param unit the kernel behind the readout is unit * (weighted sum of S), and unit * (weighted sum of T~ - S)
 */
public record PlaneReadout(int network, ReadoutWeights weights, double unit) {}

package cntk.plan;

/**
 * What one network reads of the planes of a pair of images.
 *
 * @param network number of the network among those of the program
 * @param segment in which {@link PlaneStep.Read} names this readout
 * @param weights of the entries of that segment
 * @param unit the kernel behind the readout is unit * (weighted sum of S), and unit * (weighted sum of T~ - S)
 */
public record PlaneReadout(int network, int segment, ReadoutWeights weights, double unit) {
    /** Whether no planes meet before it: an image with itself is known on plane (0,0) then, and nowhere else. */
    public boolean beforePlanesMeet() {
        return segment == 0;
    }
}

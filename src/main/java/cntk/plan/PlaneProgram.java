package cntk.plan;

import cntk.arch.Network;
import java.util.List;

/**
 * The layers of a network before its readout as work on displacement planes: segments of one resolution, tensors that
 * carry planes from one segment to a later one, and the weights of the readout. No constant is multiplied on the way: the weight w^2/k^2 of a convolution, the 1/2 of a ReLU
 * and the 1/k^4 of a pooling layer go into {@code unit} (maths.md eq. 15).
 *
 * @param segments in order
 * @param tensors how each of them is filled, by the numbers that {@link PlaneStep.Send} and {@link PlaneStep.Load} use
 * @param readout weights of the entries of the last segment
 * @param unit the kernel behind the readout is unit * (weighted sum of S), and unit * (weighted sum of T~ - S)
 * @param inputExponent every pixel value is multiplied by 2^inputExponent first
 * @param tangentAtInput whether the input sets T~ = S (the first convolution is trained, or there is none) or T~ = 0
 */
public record PlaneProgram(
        List<Segment> segments,
        List<Exchange> tensors,
        ReadoutWeights readout,
        double unit,
        int inputExponent,
        boolean tangentAtInput) {

    public PlaneProgram {
        segments = List.copyOf(segments);
        tensors = List.copyOf(tensors);
    }

    /**
     * The program of a network.
     *
     * @param largestVariance largest sum_c x_c^2 of any pixel of any image; only its power of two matters, so that the bits
     *     of a result do not depend on it
     */
    public static PlaneProgram of(Network network, Precision precision, double largestVariance) {
        int inputExponent = largestVariance > 0 ? -Math.floorDiv(Math.getExponent(largestVariance) + 1, 2) : 0;
        return new PlaneProgramBuilder(network, precision, inputExponent).build();
    }

    /** Non-linearities of all segments: each reads the standard deviations of both images. */
    public int activations() {
        return segments.stream().mapToInt(Segment::activations).sum();
    }

    /** The segment that activation {@code index} of the network stands in. */
    public Segment segmentOf(int index) {
        for (Segment segment : segments) {
            if (index < segment.firstActivation() + segment.activations()) {
                return segment;
            }
        }
        throw new IndexOutOfBoundsException(index);
    }

    public Segment last() {
        return segments.getLast();
    }
}

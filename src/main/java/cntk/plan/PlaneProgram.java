package cntk.plan;

import cntk.arch.Network;
import cntk.dataset.InputException;
import java.util.List;

/**
 * The layers of one or more networks before their readouts as work on displacement planes: segments of one resolution, tensors that
 * carry planes from one segment to a later one, and the weights of every readout. Several networks are read out of one recursion: each
 * is the deepest one, left earlier. No constant is multiplied on the way: the weight w^2/k^2 of a convolution, the 1/2 of a ReLU
 * and the 1/k^4 of a pooling layer go into {@code unit} (maths.md eq. 15).
 *
 * @param segments in order
 * @param tensors how each of them is filled, by the numbers that {@link PlaneStep.Send} and {@link PlaneStep.Load} use
 * @param readouts one for every network, in the order of the steps that read them
 * @param inputExponent every pixel value is multiplied by 2^inputExponent first
 * @param tangentAtInput whether the input sets T~ = S (the first convolution is trained, or there is none) or T~ = 0
 */
public record PlaneProgram(
        List<Segment> segments,
        List<Exchange> tensors,
        List<PlaneReadout> readouts,
        int inputExponent,
        boolean tangentAtInput) {

    public PlaneProgram {
        segments = List.copyOf(segments);
        tensors = List.copyOf(tensors);
        readouts = List.copyOf(readouts);
    }

    /**
     * The program of networks that share their first layers.
     *
     * @param networks on images of one shape
     * @param largestVariance largest sum_c x_c^2 of any pixel of any image; only its power of two matters, so that the bits
     *     of a result do not depend on it
     * @throws InputException if one of them is no beginning of the deepest one, naming it
     */
    public static PlaneProgram of(List<Network> networks, Precision precision, double largestVariance) {
        int inputExponent = largestVariance > 0 ? -Math.floorDiv(Math.getExponent(largestVariance) + 1, 2) : 0;
        return new PlaneProgramBuilder(networks, precision, inputExponent).build();
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
}

package cntk.backend;

import cntk.arch.Network;
import cntk.maths.HeadRecursion;
import cntk.maths.KernelPair;
import cntk.plan.KernelKind;
import cntk.plan.PlaneReadout;

/** From the sums over the planes of a pair to its kernel: units, the mean of the readout, the head in double. */
public final class PairValue {
    private static final double[] NO_VARIANCES = {};

    private final HeadRecursion head;
    private final KernelKind kind;
    private final double unit;

    public PairValue(Network network, PlaneReadout readout, KernelKind kind) {
        this.head = new HeadRecursion(network.headLayers());
        this.kind = kind;
        this.unit = readout.unit();
    }

    /** What {@link #of} is given where the head needs none. */
    public static double[] noVariances() {
        return NO_VARIANCES;
    }

    public boolean headNeedsVariances() {
        return head.nonlinearities() > 0;
    }

    /** Variances of an image before each non-linearity of the head, from the sums of its pair with itself. */
    public double[] headVariances(double selfS, double selfTangent) {
        return head.variances(readout(selfS, selfTangent));
    }

    /** The kernel of a pair from the sums of S and T~ over all its planes. */
    public double of(double sumS, double sumTangent, double[] variances, double[] otherVariances) {
        KernelPair kernels = head.apply(readout(sumS, sumTangent), variances, otherVariances);
        return switch (kind) {
            case NTK -> kernels.ntk();
            case NNGP -> kernels.nngp();
        };
    }

    private KernelPair readout(double sumS, double sumTangent) {
        return new KernelPair(unit * sumS, unit * (sumTangent - sumS));
    }
}

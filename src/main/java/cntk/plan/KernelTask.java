package cntk.plan;

import cntk.arch.Network;
import cntk.dataset.ImageSet;
import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import java.util.List;

/**
 * What is computed for a pair of images (x, z): one kernel of each of these networks, k(x,z).
 *
 * @param networks at least one, on images of one shape; more than one if they are read out of one sweep
 * @param flip (k(x,z) + k(x, mirrored z)) / 2 in place of k: the kernel of a training set with its horizontal mirror images
 *     (Li et al. 2019, section 4; maths.md eq. 33)
 * @param unitDiagonal k(x,z) / sqrt(k(x,x) k(z,z)) in place of k, after {@code flip} (Li et al. 2019; maths.md eq. 34)
 */
public record KernelTask(List<Network> networks, KernelKind kind, boolean flip, boolean unitDiagonal) {
    /**
     * @throws InputException if a network lacks this kind of kernel, or is not the same for mirror images where {@code flip} needs it to
     *     be: k(x, mirrored z) must equal k(mirrored x, z)
     */
    public KernelTask {
        networks = List.copyOf(networks);
        for (Network network : networks) {
            kind.requireOf(network);
            if (!network.input().equals(networks.getFirst().input())) {
                throw new IllegalArgumentException("networks on images of different shapes: " + networks);
            }
            if (flip) {
                requireMirrorSymmetry(network);
            }
        }
    }

    /** One network, its kernel as it is. */
    public static KernelTask of(Network network, KernelKind kind) {
        return new KernelTask(List.of(network), kind, false, false);
    }

    private static void requireMirrorSymmetry(Network network) {
        network.layerWithoutMirrorSymmetry().ifPresent(layer -> {
            throw new InputException(
                    layer + " looks at other pixels of a mirrored image, so that the kernel averaged over"
                            + " flips is not symmetric\nhint: stride 1, or windows that cover the width evenly");
        });
    }

    /** Kernels of every pair: one of each network. */
    public int kernels() {
        return networks.size();
    }

    /** Throws {@link InputException} unless the networks read images of this shape. */
    public void requireShape(ImageSet images) {
        if (!images.shape().equals(input())) {
            throw new InputException(
                    images.name() + " has images of " + images.shape() + ", but the network reads " + input());
        }
    }

    /** Shape of the images. */
    public ImageShape input() {
        return networks.getFirst().input();
    }
}

package cntk.plan;

import cntk.arch.Network;
import cntk.dataset.InputException;

/** Which of the two kernels of an infinitely wide network: of its gradients (NTK) or of its outputs (NNGP). */
public enum KernelKind {
    NTK,
    NNGP;

    public String word() {
        return this == NTK ? "ntk" : "nngp";
    }

    /**
     * Refuses a network that does not have this kernel.
     *
     * @throws InputException naming the layer whose derivative has no known kernel
     */
    public void requireOf(Network network) {
        if (this == NTK) {
            network.layerWithoutTangent().ifPresent(layer -> {
                throw new InputException(layer + " has no tangent kernel\nhint: ask for --kind nngp");
            });
        }
    }
}

package cntk.plan;

/** Which of the two kernels of an infinitely wide network: of its gradients (NTK) or of its outputs (NNGP). */
public enum KernelKind {
    NTK,
    NNGP;

    public String word() {
        return this == NTK ? "ntk" : "nngp";
    }
}

package cntk.gram;

import cntk.plan.KernelKind;
import cntk.plan.Precision;
import cntk.plan.TilePlan;

/**
 * What one stored kernel matrix is.
 *
 * @param networkId names the network that made it; see {@code cntk arch}
 */
public record GramSpec(TilePlan plan, Precision precision, KernelKind kind, String networkId) {
    /** {@code upper}: blocks below the diagonal are not stored, K[c, r] = K[r, c]; {@code full}: every block is. */
    public String triangle() {
        return plan.symmetric() ? "upper" : "full";
    }
}

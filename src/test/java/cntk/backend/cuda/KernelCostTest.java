package cntk.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import cntk.backend.cuda.KernelCost.Estimate;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the layers cost, counted in the machine code that nvcc made. */
class KernelCostTest {
    private List<Estimate> estimates;

    @BeforeEach
    void needsCompiledKernels() {
        assumeTrue(
                KernelCost.class.getResource("/kernels/report.tsv") != null,
                "nvcc was not on the PATH: the kernels were NOT compiled");
        estimates = KernelCost.estimates(10, 3);
    }

    @Test
    void aLayerTakesAtMost28InstructionsAnEntryAnd30WithBias() {
        for (Estimate estimate : estimates) {
            if (estimate.kernel().contains("_32")) {
                double most = estimate.kernel().endsWith("_bias") ? 30 : 28;
                assertThat(estimate.perEntry().get("all"))
                        .as("%s on %s", estimate.kernel(), estimate.card())
                        .isBetween(20.0, most);
            }
        }
    }

    @Test
    void aLayerTouchesNoGlobalAndNoLocalMemory() {
        for (Estimate estimate : estimates) {
            assertThat(estimate.perEntry().get("global")).as(estimate.kernel()).isZero();
            assertThat(estimate.perEntry().get("local")).as(estimate.kernel()).isZero();
        }
    }

    @Test
    void countsAreThoseThatTheSourceAsksFor() {
        for (Estimate estimate : estimates) {
            assertThat(estimate.perEntry().get("special")).as(estimate.kernel()).isEqualTo(2);
            assertThat(estimate.perEntry().get("shuffle"))
                    .as(estimate.kernel())
                    .isEqualTo(
                            estimate.kernel().contains("_32")
                                    ? 2.25
                                    : estimate.kernel().contains("_16") ? 2 : 3);
        }
    }

    @Test
    void h100IsEstimatedAt14MicrosecondsAGapPairAnd15NanosecondsAFlattenPair() {
        assertThat(h100("plane_recursion_32").worstMicros()).isLessThanOrEqualTo(14);
        assertThat(h100("plane_flatten_32").worstMicros()).isLessThanOrEqualTo(0.015);
    }

    private Estimate h100(String kernel) {
        return estimates.stream()
                .filter(estimate -> estimate.kernel().equals(kernel)
                        && estimate.card().architecture().equals("sm_90"))
                .findFirst()
                .orElseThrow();
    }
}

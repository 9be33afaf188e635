package cntk.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import cntk.backend.cuda.KernelCost.Estimate;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the layers cost, counted in the machine code and in the PTX that nvcc made. */
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
                for (Map<String, Double> count : counts(estimate)) {
                    assertThat(count.get("all"))
                            .as("%s on %s", estimate.kernel(), estimate.card())
                            .isBetween(20.0, most);
                }
            }
        }
    }

    @Test
    void aLayerTouchesNoGlobalAndNoLocalMemory() {
        for (Estimate estimate : estimates) {
            for (Map<String, Double> count : counts(estimate)) {
                assertThat(count.get("global")).as(estimate.kernel()).isZero();
                assertThat(count.get("local")).as(estimate.kernel()).isZero();
            }
        }
    }

    @Test
    void countsAreThoseThatTheSourceAsksFor() {
        for (Estimate estimate : estimates) {
            for (Map<String, Double> count : counts(estimate)) {
                assertThat(count.get("special")).as(estimate.kernel()).isEqualTo(2);
                assertThat(count.get("shuffle"))
                        .as(estimate.kernel())
                        .isEqualTo(
                                estimate.kernel().contains("_32")
                                        ? 2.25
                                        : estimate.kernel().contains("_16") ? 2 : 3);
            }
        }
    }

    @Test
    void machineCodeAddsAtMostATwentiethToThePtx() {
        for (Estimate estimate : estimates) {
            double ratio =
                    estimate.perEntry().get("all") / estimate.ptxPerEntry().get("all");
            assertThat(ratio).as("%s on %s", estimate.kernel(), estimate.card()).isBetween(0.95, 1.05);
        }
    }

    @Test
    void sixteenWarpsOf128RegistersStandOnAMultiprocessor() {
        assertThat(h100("plane_recursion_32").warps()).isEqualTo(16);
        assertThat(h100("plane_recursion_32").occupancy()).isEqualTo(0.25);
        assertThat(h100("plane_flatten_32").warps()).isEqualTo(16);
        assertThat(estimates)
                .allSatisfy(estimate -> assertThat(estimate.warps()).isBetween(8, 32));
    }

    @Test
    void bytesOfAPairAreTheFactorsOfItsBlocksAndTheirSums() {
        // 128 blocks stage two images of 4 KB, 13 times; 128 pairs of doubles come out
        assertThat(h100("plane_recursion_32").stagedBytes()).isEqualTo(128 * 2 * 4096 * 13.0);
        assertThat(h100("plane_recursion_32").writtenBytes()).isEqualTo(128 * 16.0);
        assertThat(h100("plane_flatten_32").stagedBytes()).isEqualTo(2 * 4096 / 4 * 13.0);
        assertThat(h100("plane_flatten_32").writtenBytes()).isEqualTo(16.0);
    }

    @Test
    void h100IsEstimatedAt14MicrosecondsAGapPairAnd15NanosecondsAFlattenPair() {
        assertThat(h100("plane_recursion_32").worstMicros()).isLessThanOrEqualTo(14);
        assertThat(h100("plane_flatten_32").worstMicros()).isLessThanOrEqualTo(0.015);
    }

    private static List<Map<String, Double>> counts(Estimate estimate) {
        return List.of(estimate.perEntry(), estimate.ptxPerEntry());
    }

    private Estimate h100(String kernel) {
        return estimates.stream()
                .filter(estimate -> estimate.kernel().equals(kernel)
                        && estimate.card().architecture().equals("sm_90"))
                .findFirst()
                .orElseThrow();
    }
}

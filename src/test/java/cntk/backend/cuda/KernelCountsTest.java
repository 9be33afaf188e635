package cntk.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import cntk.backend.cuda.KernelCost.Estimate;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The counts in kernels-cuda/counts.tsv, from which plans are made, are those of the kernels. */
class KernelCountsTest {
    @Test
    void keptCountsAreThoseOfTheCompiledKernels() {
        int toolkit = KernelResources.PACKAGED
                .built()
                .map(KernelResources.Built::toolkit)
                .orElse(0);
        assumeTrue(toolkit > 0, "nvcc was not on the PATH: the kernels were NOT compiled");
        List<KernelCounts> compiled = KernelCost.compiledCounts();
        if (toolkit == KernelCounts.keptToolkit()) {
            String lines = compiled.stream().map(KernelCounts::line).collect(Collectors.joining("\n"));
            assertThat(compiled)
                    .as("kernels-cuda/counts.tsv has to be, below its header:\n%s", lines)
                    .allSatisfy(counts -> assertThat(KernelCounts.kept(counts.kernel(), counts.architecture())
                                    .line())
                            .isEqualTo(counts.line()));
        } else { // another compiler: the plan is still about these kernels
            List<Estimate> kept = KernelCost.keptEstimates(10, 3);
            List<Estimate> built = KernelCost.estimates(10, 3);
            for (int index = 0; index < kept.size(); index++) {
                assertThat(kept.get(index).bestMicros() / built.get(index).bestMicros())
                        .as(
                                "%s on %s",
                                kept.get(index).kernel(), kept.get(index).card())
                        .isBetween(0.9, 1.1);
            }
        }
    }

    @Test
    void keptEstimatesNeedNoCompiler() {
        assertThat(KernelCost.keptEstimates(10, 3)).hasSize(18).allSatisfy(estimate -> {
            assertThat(estimate.bestMicros()).isPositive().isLessThan(estimate.worstMicros());
            assertThat(estimate.perEntry().get("special")).isEqualTo(2);
        });
    }
}

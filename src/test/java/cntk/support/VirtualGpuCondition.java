package cntk.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips the tests where the virtual GPUs were not built, and looks for leaks after each. */
final class VirtualGpuCondition implements ExecutionCondition, BeforeEachCallback, AfterEachCallback {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        if (Files.exists(VirtualGpu.library())) {
            return ConditionEvaluationResult.enabled("virtual GPUs are there");
        }
        return ConditionEvaluationResult.disabled("SKIPPED: no virtual GPUs in "
                + VirtualGpu.library().getParent() + ", the build found no g++ on Linux on x86-64");
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        VirtualGpu.usual();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        VirtualGpu.usual();
        if (context.getExecutionException().isEmpty()) {
            for (int device = VirtualGpu.HOST; device < VirtualGpu.DEVICES; device++) {
                assertThat(VirtualGpu.liveBytes(device))
                        .as("bytes left on device %d", device)
                        .isZero();
            }
        }
    }
}

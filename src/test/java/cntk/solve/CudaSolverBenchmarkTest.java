package cntk.solve;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.backend.cuda.CudaDeviceInfo;
import cntk.backend.cuda.CudaDriver;
import cntk.backend.cuda.EventStopwatch;
import cntk.backend.cuda.Fp32Peak;
import cntk.support.VirtualGpuTest;
import org.junit.jupiter.api.Test;

@VirtualGpuTest
class CudaSolverBenchmarkTest {
    private final CudaDeviceInfo device = CudaDriver.find().devices().getFirst();

    @Test
    void everyStepIsTimedAndTheAnswerIsRight() {
        CudaSolverBenchmark.Outcome outcome = new CudaSolverBenchmark(device).run(150);
        assertThat(outcome.skipped()).isEmpty();
        CudaSolverBenchmark.Timing timing = outcome.timing().orElseThrow();
        assertThat(timing.right()).isTrue();
        assertThat(timing.backwardError()).isPositive().isLessThan(1e-15);
        assertThat(timing.copySeconds()).isPositive();
        assertThat(timing.factorSeconds()).isPositive();
        assertThat(timing.solveSeconds()).isPositive();
        assertThat(timing.factorOperationsPerSecond() * timing.factorSeconds()).isBetween(2.249e6, 2.251e6);
    }

    @Test
    void sizeThatDoesNotFitTheDeviceIsSkippedWithTheNumbers() {
        CudaSolverBenchmark.Outcome outcome = new CudaSolverBenchmark(device).run(30_000);
        assertThat(outcome.timing()).isEmpty();
        assertThat(outcome.skipped().orElseThrow()).matches("needs 7\\.\\d GiB of device memory, 0\\.\\d GiB are free");
    }

    @Test
    void eventsOnAnIdleStreamTakeTheTimeBetweenTheCalls() throws InterruptedException {
        try (EventStopwatch watch = new EventStopwatch(device)) {
            watch.start();
            Thread.sleep(50);
            assertThat(watch.seconds()).isBetween(0.04, 5.0);
        }
    }

    @Test
    void peakIsLanesTimesMultiprocessorsTimesTheHighestClock() { // the virtual GPU answers as an H100
        assertThat(Fp32Peak.clockHertz(device)).hasValue(1.98e9);
        assertThat(Fp32Peak.multiplyAddsPerSecond(device)).hasValue(1.98e9 * 132 * 128);
    }
}

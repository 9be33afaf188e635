package cntk.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.within;

import cntk.backend.BackendUnavailableException;
import cntk.backend.cuda.CudaDevice;
import cntk.backend.cuda.CudaDeviceInfo;
import cntk.backend.cuda.CudaDriver;
import cntk.backend.cuda.CudaException;
import cntk.backend.cuda.DeviceBuffer;
import cntk.plan.Precision;
import cntk.support.VirtualGpu;
import cntk.support.VirtualGpuTest;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The regression with its solve on a (virtual) GPU: the CPU's answers, and an end that is right or clear whatever fails. */
@VirtualGpuTest
class KernelRidgeOnGpuTest {
    private final OpenBlas blas = OpenBlas.load();
    private final List<CudaDeviceInfo> gpus = CudaDriver.find().devices();

    private SolverPlace place(SolverChoice choice, int n) {
        return SolverPlace.pick(choice, gpus, "no GPU", n, 3);
    }

    /** What comes out of a solve, off the native memory. */
    private record Answer(double[][] scores, RidgeSolution solution) {}

    private Answer solve(RegressionProblem problem, double ridge, SolverPlace place) {
        try (NativeMatrix targets = DenseMatrices.nativeCopy(problem.targets())) {
            RidgeSolution solution = new KernelRidge(blas, 1, place, SolveListener.NONE)
                    .solve(problem.source(), targets, ridge, Precision.F64);
            CrossKernel cross = problem.crossKernel(16);
            Predictions predictions = new Predictor(blas).predict(cross.plan(), cross.reader(), targets);
            double[][] scores = new double[predictions.count()][3];
            for (int row = 0; row < scores.length; row++) {
                for (int output = 0; output < 3; output++) {
                    scores[row][output] = predictions.score(row, output);
                }
            }
            return new Answer(scores, solution);
        }
    }

    private static void assertSameScores(double[][] actual, double[][] expected) {
        for (int row = 0; row < expected.length; row++) {
            for (int output = 0; output < expected[row].length; output++) {
                assertThat(actual[row][output]).isCloseTo(expected[row][output], within(1e-10));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 0", "2, 0.5", "63, 0", "64, 0.01", "150, 0", "150, 1"})
    void predictionsConditionAndPivotAreThoseOfTheCpu(int n, double ridge) {
        RegressionProblem problem = RegressionProblem.random(n, 40, 3, 5L + n);
        Answer here = solve(problem, ridge, place(SolverChoice.CPU, n));
        Answer there = solve(problem, ridge, place(SolverChoice.AUTO, n));
        assertSameScores(there.scores(), here.scores());
        assertSameScores(there.scores(), problem.predictions(ridge));
        assertThat(here.solution().solver()).isEqualTo("cholesky");
        assertThat(there.solution().solver()).isEqualTo("cuda/0");
        assertThat(there.solution().warnings()).isEqualTo(here.solution().warnings());
        double condition = here.solution().conditionNumber();
        assertThat(there.solution().conditionNumber()).isCloseTo(condition, within(1e-8 * condition));
        double pivot = here.solution().smallestPivot();
        assertThat(there.solution().smallestPivot()).isCloseTo(pivot, within(1e-10 * pivot));
    }

    @Test
    void aMatrixThatIsNotPositiveDefiniteIsExplainedAsOnTheCpu() {
        RegressionProblem problem = RegressionProblem.random(60, 5, 3, 11);
        problem.kernel()[40][40] = -1;
        Throwable here = catchThrowable(() -> solve(problem, 0, place(SolverChoice.CPU, 60)));
        assertThat(here).isInstanceOf(NotPositiveDefiniteException.class);
        assertThatThrownBy(() -> solve(problem, 0, place(SolverChoice.CUDA, 60)))
                .isInstanceOf(NotPositiveDefiniteException.class)
                .hasMessage(here.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "context:error=unknown",
                "alloc:error=oom",
                "alloc:error=oom,times=always",
                "alloc:error=illegal_address,k=2",
                "host:error=oom",
                "host:error=oom,times=always",
                "h2d:error=launch_failed",
                "h2d:error=launch_failed,late",
                "d2h:error=launch_failed,times=always",
                "d2h:error=ecc,k=2,late",
                "sync:error=launch_failed",
                "sync:error=unknown,times=always",
                "stream:error=oom",
                "solver_create:error=unknown",
                "solver:error=launch_failed",
                "solver:error=launch_failed,times=always",
                "solver:error=oom",
                "solver:error=ecc,late",
                "solver:error=unknown,k=2",
                "solver:error=launch_failed,k=2,lost",
                "solver:error=launch_failed,k=4",
            })
    void whateverFailsAutoEndsOnTheCpuAndCudaWithTheReason(String fault) {
        RegressionProblem problem = RegressionProblem.random(40, 10, 3, 3);
        double[][] expected = problem.predictions(0.1);
        VirtualGpu.fault(fault);
        Answer auto = solve(problem, 0.1, place(SolverChoice.AUTO, 40));
        assertSameScores(auto.scores(), expected);
        assertThat(auto.solution().solver()).isEqualTo("cholesky");
        assertThat(auto.solution().warnings())
                .singleElement()
                .asString()
                .startsWith("the GPU did not solve the regression, the CPU did: ")
                .contains("CUDA device 0");
        VirtualGpu.clearFaults();
        VirtualGpu.fault(fault.replace(",lost", ""));
        if (!fault.contains("lost")) { // that device answers nothing else
            assertThatThrownBy(() -> solve(problem, 0.1, place(SolverChoice.CUDA, 40)))
                    .isInstanceOf(CudaException.class)
                    .hasMessageContaining("CUDA device 0");
            VirtualGpu.clearFaults();
            Answer next = solve(problem, 0.1, place(SolverChoice.CUDA, 40));
            assertThat(next.solution().solver()).isEqualTo("cuda/0");
            assertSameScores(next.scores(), expected);
        }
    }

    @Test
    void aMatrixThatFitsNoGpuGoesToTheCpuOrIsRefusedWithBothNumbers() {
        SolverPlace auto = place(SolverChoice.AUTO, 8000);
        assertThat(auto.gpu()).isEmpty();
        assertThat(auto.reason())
                .isEqualTo("picked by auto: the solve needs 0.60 GiB of device memory, GPU 0 has 0.50 GiB");
        assertThatThrownBy(() -> place(SolverChoice.CUDA, 8000))
                .isInstanceOf(BackendUnavailableException.class)
                .hasMessageContainingAll("needs 0.60 GiB", "has 0.50 GiB", "hint: --solver cpu");
        assertThat(place(SolverChoice.AUTO, 5000).name()).isEqualTo("cuda/0");
    }

    @Test
    void memoryThatIsTakenAtTheTimeOfTheSolveIsNamed() {
        RegressionProblem problem = RegressionProblem.random(40, 10, 3, 3);
        try (CudaDevice device = CudaDevice.open(gpus.getFirst());
                DeviceBuffer _ = device.allocate(device.freeBytes() - (100L << 10))) {
            Answer auto = solve(problem, 0, place(SolverChoice.AUTO, 40));
            assertThat(auto.solution().solver()).isEqualTo("cholesky");
            assertThat(auto.solution().warnings())
                    .singleElement()
                    .asString()
                    .contains("of device memory, CUDA device 0 has");
            assertThatThrownBy(() -> solve(problem, 0, place(SolverChoice.CUDA, 40)))
                    .isInstanceOf(CudaException.class)
                    .hasMessageContaining("the solve needs");
        }
    }
}

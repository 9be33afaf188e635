package cntk.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import cntk.backend.BackendUnavailableException;
import cntk.backend.cuda.CudaDeviceInfo;
import cntk.backend.cuda.CudaDriver;
import cntk.backend.cuda.CudaException;
import cntk.support.VirtualGpu;
import cntk.support.VirtualGpuTest;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The eigendecomposition on a (virtual) GPU against that of LAPACK, its check, and its errors. */
@VirtualGpuTest
class EigensolverOnGpuTest {
    private final OpenBlas blas = OpenBlas.load();
    private final List<CudaDeviceInfo> gpus = CudaDriver.find().devices();

    private Eigensolver solver(SolverChoice choice, int n) {
        return new Eigensolver(blas, Eigensolver.place(choice, gpus, "no GPU", n));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 40, 90})
    void valuesAndProjectionsAreThoseOfLapack(int n) {
        double[][] k = DenseMatrices.randomPositiveDefinite(n, 0.05, n);
        Eigensolver.Made here = solver(SolverChoice.CPU, n).decompose(DenseMatrices.kernel(k));
        Eigensolver.Made there = solver(SolverChoice.AUTO, n).decompose(DenseMatrices.kernel(k));
        try (Spectrum expected = here.spectrum();
                Spectrum actual = there.spectrum()) {
            assertThat(here.solver()).isEqualTo("cpu");
            assertThat(there.solver()).isEqualTo("cuda/0");
            assertThat(there.note()).isEmpty();
            double[] mine = new double[n];
            double[] theirs = new double[n];
            for (int mode = 0; mode < n; mode++) {
                assertThat(actual.value(mode)).isCloseTo(expected.value(mode), within(1e-12 * expected.largest()));
                expected.vector(mode, mine);
                actual.vector(mode, theirs);
                double product = 0;
                for (int row = 0; row < n; row++) {
                    product += mine[row] * theirs[row];
                }
                assertThat(Math.abs(product)).as("mode %d", mode).isCloseTo(1, within(1e-9));
            }
        }
        assertThat(VirtualGpu.liveBytes(0)).isZero();
        assertThat(VirtualGpu.liveBytes(VirtualGpu.HOST)).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "solver,        1, cusolverDnXsyevd of n = 30",
        "host,          1, cuMemHostRegister",
        "alloc,         1, cuMemAlloc",
        "h2d,           1, cuMemcpyHtoDAsync",
        "d2h,           1, cuMemcpyDtoHAsync",
        "sync,          1, cuStreamSynchronize",
        "solver_create, 1, cusolverDnCreate",
    })
    void failedCallIsNamedOrTheCpuGoesOn(String kind, int call, String name) {
        String fault = kind + ":error=launch_failed,k=" + call;
        double[][] k = DenseMatrices.randomPositiveDefinite(30, 0.5, 6);
        VirtualGpu.fault(fault);
        assertThatThrownBy(() -> solver(SolverChoice.CUDA, 30).decompose(DenseMatrices.kernel(k)))
                .isInstanceOf(CudaException.class)
                .hasMessageStartingWith(name)
                .hasMessageContaining("CUDA device 0");
        assertThat(VirtualGpu.liveBytes(0)).isZero();
        VirtualGpu.fault(fault);
        Eigensolver.Made made = solver(SolverChoice.AUTO, 30).decompose(DenseMatrices.kernel(k));
        try (Spectrum actual = made.spectrum();
                Spectrum expected = Spectrum.of(blas, DenseMatrices.kernel(k))) {
            assertThat(made.solver()).isEqualTo("cpu");
            assertThat(made.note()).startsWith("the GPU did not make the eigendecomposition, the CPU did: " + name);
            assertThat(actual.values()).isEqualTo(expected.values());
        }
    }

    @Test
    void matrixThatFitsNoGpuIsForTheCpu() {
        assertThat(Eigensolver.place(SolverChoice.AUTO, gpus, "no GPU", 6000).name())
                .isEqualTo("cpu");
        assertThatThrownBy(() -> solver(SolverChoice.CUDA, 6000))
                .isInstanceOf(BackendUnavailableException.class)
                .hasMessageContaining("GiB of device memory, GPU 0 has");
        assertThatThrownBy(() -> Eigensolver.place(SolverChoice.CUDA, List.of(), "no CUDA driver", 10))
                .isInstanceOf(BackendUnavailableException.class)
                .hasMessageContaining("no CUDA driver");
    }
}

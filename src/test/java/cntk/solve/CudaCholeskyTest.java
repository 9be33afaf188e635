package cntk.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cntk.backend.cuda.CudaDevice;
import cntk.backend.cuda.CudaDriver;
import cntk.backend.cuda.CudaException;
import cntk.support.VirtualGpu;
import cntk.support.VirtualGpuTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The solve on a (virtual) GPU against the one on the CPU, its check, and its errors. */
@VirtualGpuTest
class CudaCholeskyTest {
    private final Lapack lapack = new Lapack(OpenBlas.load());

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 63, 64, 65, 200})
    void solutionIsThatOfLapack(int n) {
        double[][] a = DenseMatrices.randomPositiveDefinite(n, 0.5, n);
        double[][] b = DenseMatrices.random(n, 3, 7);
        try (NativeMatrix matrix = matrix(a);
                NativeMatrix lower = matrix(a);
                NativeMatrix x = matrix(b);
                NativeMatrix expected = matrix(b);
                CudaDevice device = open();
                CudaCholesky cholesky = new CudaCholesky(device, matrix, lapack)) {
            assertThat(lapack.factorise(lower)).isZero();
            lapack.solve(lower, expected);
            assertThat(cholesky.factorise()).isZero();
            assertThat(cholesky.solveInPlace(x)).isLessThan(1e-15);
            for (int row = 0; row < n; row++) {
                for (int col = 0; col < 3; col++) {
                    assertThat(x.get(row, col))
                            .isCloseTo(expected.get(row, col), org.assertj.core.data.Offset.offset(1e-11));
                    assertThat(matrix.get(row, Math.min(col, n - 1))).isEqualTo(a[row][Math.min(col, n - 1)]);
                }
            }
        }
    }

    @Test
    void firstMinorThatIsNotPositiveDefiniteIsReported() {
        double[][] a = DenseMatrices.randomPositiveDefinite(90, 0.5, 1);
        a[70][70] = -1;
        try (NativeMatrix matrix = matrix(a);
                CudaDevice device = open();
                CudaCholesky cholesky = new CudaCholesky(device, matrix, lapack)) {
            assertThat(cholesky.factorise()).isEqualTo(71);
        }
    }

    @Test
    void upperTriangleIsNotRead() {
        double[][] a = DenseMatrices.randomPositiveDefinite(80, 0.5, 2);
        for (int row = 0; row < 80; row++) {
            java.util.Arrays.fill(a[row], row + 1, 80, Double.NaN);
        }
        try (NativeMatrix matrix = matrix(a);
                NativeMatrix x = matrix(DenseMatrices.random(80, 1, 3));
                CudaDevice device = open();
                CudaCholesky cholesky = new CudaCholesky(device, matrix, lapack)) {
            assertThat(cholesky.factorise()).isZero();
            assertThat(cholesky.solveInPlace(x)).isLessThan(1e-15);
        }
    }

    @Test
    void wrongAnswerIsCaughtByTheCheck() {
        try (NativeMatrix matrix = matrix(DenseMatrices.randomPositiveDefinite(40, 0.5, 4));
                NativeMatrix x = matrix(DenseMatrices.random(40, 2, 5));
                CudaDevice device = open();
                CudaCholesky cholesky = new CudaCholesky(device, matrix, lapack)) {
            assertThat(cholesky.factorise()).isZero();
            matrix.set(30, 10, matrix.get(30, 10) * (1 + 1e-9)); // as if the device had dropped a bit on the way
            assertThatThrownBy(() -> cholesky.solveInPlace(x))
                    .isInstanceOf(CudaException.class)
                    .hasMessageContaining("fails its check: backward error");
        }
    }

    @Test
    void matrixThatDoesNotFitIsOutOfMemory() {
        VirtualGpu.fault("alloc:error=oom");
        try (NativeMatrix matrix = matrix(DenseMatrices.randomPositiveDefinite(20, 0.5, 4));
                CudaDevice device = open()) {
            CudaException failure =
                    catchThrowableOfType(CudaException.class, () -> new CudaCholesky(device, matrix, lapack).close());
            assertThat(failure.isOutOfMemory()).isTrue();
            assertThat(failure.leavesDeviceUsable()).isTrue();
        }
        assertThat(CudaCholesky.bytes(50_000, 10)).isBetween(20_000_000_000L, 22_000_000_000L);
    }

    @ParameterizedTest
    @CsvSource({
        "solver,        1, cusolverDnXpotrf of n = 30",
        "solver,        2, 'cusolverDnXpotrs of n = 30, 2 columns'",
        "host,          1, cuMemHostRegister",
        "host,          2, cuMemHostAlloc",
        "alloc,         3, cuMemAlloc",
        "h2d,           1, cuMemcpyHtoDAsync",
        "d2h,           1, cuMemcpyDtoHAsync",
        "sync,          1, cuStreamSynchronize",
        "solver_create, 1, cusolverDnCreate",
    })
    void failedCallIsNamedAndTheNextSolveIsRight(String kind, int call, String name) {
        VirtualGpu.fault(kind + ":error=launch_failed,k=" + call);
        assertThatThrownBy(this::solve)
                .isInstanceOf(CudaException.class)
                .hasMessageStartingWith(name)
                .hasMessageContaining("CUDA device 0");
        assertThat(VirtualGpu.liveBytes(0)).isZero();
        assertThat(solve()).isLessThan(1e-15);
    }

    @Test
    void errorInTheMiddleOfTheFactorisationSurfaces() {
        VirtualGpu.fault("solver:error=ecc,late");
        assertThatThrownBy(this::solve).isInstanceOf(CudaException.class).hasMessageContaining("ECC_UNCORRECTABLE");
        assertThat(solve()).isLessThan(1e-15);
    }

    private double solve() {
        try (NativeMatrix matrix = matrix(DenseMatrices.randomPositiveDefinite(30, 0.5, 6));
                NativeMatrix x = matrix(DenseMatrices.random(30, 2, 7));
                CudaDevice device = open();
                CudaCholesky cholesky = new CudaCholesky(device, matrix, lapack)) {
            assertThat(cholesky.factorise()).isZero();
            return cholesky.solveInPlace(x);
        }
    }

    private static CudaDevice open() {
        return CudaDevice.open(CudaDriver.find().devices().getFirst());
    }

    private static NativeMatrix matrix(double[][] entries) {
        NativeMatrix matrix = NativeMatrix.zeros(entries.length, entries[0].length);
        for (int row = 0; row < entries.length; row++) {
            for (int col = 0; col < entries[0].length; col++) {
                matrix.set(row, col, entries[row][col]);
            }
        }
        return matrix;
    }
}

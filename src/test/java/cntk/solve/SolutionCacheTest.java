package cntk.solve;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.plan.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SolutionCacheTest {
    private static final int N = 40;
    private final double[][] kernel = DenseMatrices.randomPositiveDefinite(N, 0.5, 11);
    private final double[][] y = DenseMatrices.random(N, 3, 12);

    @TempDir
    private Path folder;

    private int solves;
    private final KernelRidge ridge = new KernelRidge(OpenBlas.load(), 1, (stage, share) -> {
        if (stage == SolveListener.Stage.SUBSTITUTE) {
            solves++;
        }
    });

    private record Result(SolutionCache.Outcome outcome, double[] coefficients) {}

    private Result solve(double[][] k, double[][] targets, double shift) {
        try (NativeMatrix a = DenseMatrices.nativeCopy(targets)) {
            SolutionCache.Outcome outcome =
                    new SolutionCache(folder).solve(ridge, DenseMatrices.kernel(k), a, shift, Precision.F64);
            double[] coefficients = new double[N * 3];
            for (int col = 0; col < 3; col++) {
                a.getColumn(col, 0, coefficients, col * N, N);
            }
            return new Result(outcome, coefficients);
        }
    }

    @Test
    void secondSolveFindsTheBitsOfTheFirst() {
        Result first = solve(kernel, y, 0.5);
        Result second = solve(kernel, y, 0.5);
        assertThat(solves).isOne();
        assertThat(first.outcome().found()).isFalse();
        assertThat(second.outcome().found()).isTrue();
        assertThat(second.outcome().note()).isEmpty();
        assertThat(second.coefficients()).isEqualTo(first.coefficients());
        RidgeSolution before = first.outcome().solution();
        RidgeSolution after = second.outcome().solution();
        assertThat(after.conditionNumber()).isEqualTo(before.conditionNumber());
        assertThat(after.smallestPivot()).isEqualTo(before.smallestPivot());
        assertThat(after.kernelSha256()).isEqualTo(before.kernelSha256());
        assertThat(after.solver()).isEqualTo(before.solver());
    }

    @Test
    void anotherKernelRidgeOrTargetsAreSolvedAgain() {
        solve(kernel, y, 0.5);
        double[][] otherKernel = DenseMatrices.plusDiagonal(kernel, 1e-13);
        double[][] otherTargets = DenseMatrices.random(N, 3, 13);
        assertThat(solve(otherKernel, y, 0.5).outcome().note()).contains("another kernel");
        assertThat(solve(otherKernel, y, 0.25).outcome().found()).isFalse();
        assertThat(solve(otherKernel, otherTargets, 0.25).outcome().found()).isFalse();
        assertThat(solves).isEqualTo(4);
    }

    @Test
    void damagedFileIsReplaced() throws Exception {
        Result first = solve(kernel, y, 0);
        Path file = folder.resolve(SolutionCache.FILE_NAME);
        byte[] bytes = Files.readAllBytes(file);
        for (int cut : new int[] {0, 10, bytes.length - 1}) {
            Files.write(file, java.util.Arrays.copyOf(bytes, cut));
            Result again = solve(kernel, y, 0);
            assertThat(again.outcome().note()).contains("damaged");
            assertThat(again.coefficients()).isEqualTo(first.coefficients());
        }
        byte[] flipped = bytes.clone();
        flipped[bytes.length / 2] ^= 1;
        Files.write(file, flipped);
        assertThat(solve(kernel, y, 0).outcome().note()).contains("checksum");
        assertThat(solve(kernel, y, 0).outcome().found()).isTrue();
    }
}

package cntk.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpectrumTest {
    private static final OpenBlas LIBRARY = OpenBlas.load();

    @ParameterizedTest(name = "n = {0}")
    @ValueSource(ints = {1, 2, 3, 33, 130})
    void bothRoutinesGiveOrthonormalEigenvectors(int n) {
        double[][] k = DenseMatrices.randomPositiveDefinite(n, 0.01, n);
        for (boolean divide : new boolean[] {true, false}) {
            try (Spectrum spectrum = Spectrum.decompose(new Lapack(LIBRARY), DenseMatrices.nativeCopy(k), divide)) {
                double[][] v = new double[n][n];
                for (int mode = 0; mode < n; mode++) {
                    double[] column = new double[n];
                    spectrum.vector(mode, column);
                    for (int row = 0; row < n; row++) {
                        v[row][mode] = column[row];
                    }
                }
                assertThat(spectrum.values()).isSorted();
                for (int row = 0; row < n; row++) {
                    for (int col = 0; col < n; col++) {
                        double entry = 0;
                        double product = 0;
                        for (int mode = 0; mode < n; mode++) {
                            entry += v[row][mode] * spectrum.value(mode) * v[col][mode];
                            product += v[mode][row] * v[mode][col];
                        }
                        assertThat(entry).isCloseTo(k[row][col], within(1e-13 * n));
                        assertThat(product).isCloseTo(row == col ? 1 : 0, within(1e-13 * n));
                    }
                }
            }
        }
    }

    @Test
    void numbersOfAKnownMatrix() {
        double[][] k = {{2, 1}, {1, 2}}; // eigenvalues 1 and 3
        try (Spectrum spectrum = Spectrum.of(LIBRARY, DenseMatrices.kernel(k))) {
            assertThat(spectrum.meanDiagonal()).isCloseTo(2, within(1e-15));
            assertThat(spectrum.condition(1)).isCloseTo(2, within(1e-14));
            assertThat(spectrum.condition(-1.5)).isInfinite();
            assertThat(spectrum.effectiveDimension(1)).isCloseTo(0.5 + 0.75, within(1e-15));
            assertThat(spectrum.countUpTo(1.5)).isEqualTo(1);
            assertThat(spectrum.positiveDefinite(0)).isTrue();
            assertThat(spectrum.positiveDefinite(-1)).isFalse();
        }
    }

    @Test
    void effectiveDimensionIsTheTraceOfTheSmoother() {
        double[][] k = DenseMatrices.randomPositiveDefinite(30, 0.02, 4);
        double[][] smoother = DenseMatrices.product(k, DenseMatrices.inverse(DenseMatrices.plusDiagonal(k, 0.4)));
        double trace = 0;
        for (int i = 0; i < 30; i++) {
            trace += smoother[i][i];
        }
        try (Spectrum spectrum = Spectrum.of(LIBRARY, DenseMatrices.kernel(k))) {
            assertThat(spectrum.effectiveDimension(0.4)).isCloseTo(trace, within(1e-11));
        }
    }

    @Test
    void checkTellsADecompositionFromOneThatIsOffByABit() {
        double[][] k = DenseMatrices.randomPositiveDefinite(40, 0.05, 3);
        Lapack lapack = new Lapack(LIBRARY);
        try (NativeMatrix matrix = DenseMatrices.nativeCopy(k);
                EigenCheck check = new EigenCheck(lapack, matrix)) {
            double[] values = lapack.eigen(matrix);
            assertThat(check.error(matrix, values)).isLessThan(Residual.allowed(40)); // 1.5e-15 of 8.9e-15
            double largest = values[39];
            values[39] *= 1 + 1e-9;
            assertThat(check.error(matrix, values)).isGreaterThan(Residual.allowed(40));
            values[39] = largest;
            matrix.set(7, 20, matrix.get(7, 20) + 1e-9);
            assertThat(check.error(matrix, values)).isGreaterThan(Residual.allowed(40));
            matrix.set(7, 20, Double.NaN);
            assertThat(check.error(matrix, values)).isNaN();
        }
    }

    @Test
    void theCacheServesOneKernelOnly(@TempDir Path folder) throws IOException {
        double[][] k = DenseMatrices.randomPositiveDefinite(20, 0.1, 1);
        SpectrumCache cache = new SpectrumCache(folder);
        double[] first = values(cache.spectrum(new Eigensolver(LIBRARY), DenseMatrices.kernel(k)), false, "");
        double[] again = values(cache.spectrum(new Eigensolver(LIBRARY), DenseMatrices.kernel(k)), true, "");
        assertThat(again).isEqualTo(first);
        k[7][3] = Math.nextUp(k[7][3]); // the lower triangle is what counts
        k[3][7] = k[7][3];
        values(cache.spectrum(new Eigensolver(LIBRARY), DenseMatrices.kernel(k)), false, "another kernel");
        assertThat(values(cache.spectrum(new Eigensolver(LIBRARY), DenseMatrices.kernel(k)), true, ""))
                .hasSize(20);
    }

    @Test
    void damagedFilesAreReplaced(@TempDir Path folder) throws IOException {
        double[][] k = DenseMatrices.randomPositiveDefinite(20, 0.1, 1);
        SpectrumCache cache = new SpectrumCache(folder);
        double[] right = values(cache.spectrum(new Eigensolver(LIBRARY), DenseMatrices.kernel(k)), false, "");
        Path file = folder.resolve(SpectrumCache.FILE_NAME);
        byte[] whole = Files.readAllBytes(file);
        byte[] flipped = whole.clone();
        flipped[whole.length - 3] ^= 1;
        Files.write(file, flipped);
        assertThat(values(cache.spectrum(new Eigensolver(LIBRARY), DenseMatrices.kernel(k)), false, "checksum"))
                .isEqualTo(right);
        Files.write(file, java.util.Arrays.copyOf(whole, whole.length - 8));
        assertThat(values(cache.spectrum(new Eigensolver(LIBRARY), DenseMatrices.kernel(k)), false, "cut short"))
                .isEqualTo(right);
        Files.write(file, new byte[0]);
        assertThat(values(cache.spectrum(new Eigensolver(LIBRARY), DenseMatrices.kernel(k)), false, "cut short"))
                .isEqualTo(right);
        assertThat(folder.toFile().list()).containsExactly(SpectrumCache.FILE_NAME);
    }

    private static double[] values(SpectrumCache.Outcome outcome, boolean found, String note) {
        try (Spectrum spectrum = outcome.spectrum()) {
            assertThat(outcome.found()).isEqualTo(found);
            assertThat(outcome.note()).contains(note);
            assertThat(outcome.note().isEmpty()).isEqualTo(note.isEmpty());
            return spectrum.values();
        }
    }
}

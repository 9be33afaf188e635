package cntk.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import cntk.plan.Precision;
import cntk.plan.TilePlan;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PackedStorageTest {
    private static final long SEED = 20_260_601;
    private static final OpenBlas LIBRARY = OpenBlas.load();
    private final KernelRidge full = new KernelRidge(LIBRARY, 2);
    private final KernelRidge packed = new KernelRidge(LIBRARY, 2, SolveListener.NONE, 0);

    @ParameterizedTest(name = "n = {0}")
    @ValueSource(ints = {1, 2, 3, 4, 31, 32, 33, 300, 301})
    void predictionsEqualThoseOfFullStorage(int n) {
        double[][] k = DenseMatrices.randomPositiveDefinite(n, 0.5, SEED + n);
        double[][] cross = DenseMatrices.random(50, n, SEED - n);
        double[][] y = DenseMatrices.random(n, 10, SEED + 2L * n);
        for (double shift : new double[] {0, 0.25}) {
            Predictions expected = predictions(full, k, cross, y, shift);
            Predictions actual = predictions(packed, k, cross, y, shift);
            double scale = 0;
            double difference = 0;
            for (int image = 0; image < 50; image++) {
                for (int c = 0; c < 10; c++) {
                    scale = Math.max(scale, Math.abs(expected.score(image, c)));
                    difference = Math.max(difference, Math.abs(expected.score(image, c) - actual.score(image, c)));
                }
            }
            assertThat(difference).isLessThanOrEqualTo(1e-12 * scale);
        }
    }

    private static Predictions predictions(
            KernelRidge ridge, double[][] k, double[][] cross, double[][] y, double shift) {
        try (NativeMatrix targets = DenseMatrices.nativeCopy(y)) {
            RidgeSolution solution = ridge.solve(DenseMatrices.kernel(k), targets, shift, Precision.F64);
            return new Predictor(LIBRARY)
                    .predict(
                            new TilePlan(cross.length, k.length, 64, false),
                            (tile, out) -> {
                                for (int row = 0; row < tile.rows(); row++) {
                                    System.arraycopy(
                                            cross[tile.rowBegin() + row],
                                            tile.colBegin(),
                                            out,
                                            row * tile.cols(),
                                            tile.cols());
                                }
                            },
                            solution.coefficients());
        }
    }

    /** Several panels in each half, both parities, with and without a narrow last one. */
    @ParameterizedTest(name = "n = {0}")
    @ValueSource(ints = {255, 256, 320, 321, 322})
    void panelsGiveTheFactorOfFullStorage(int n) {
        double[][] rows = bandedPositiveDefinite(n);
        List<Double> shares = new ArrayList<>();
        try (FullStorage expected = new FullStorage(new Lapack(LIBRARY), n);
                PackedStorage actual = new PackedStorage(LIBRARY, n, 32)) {
            fill(expected, rows);
            fill(actual, rows);
            assertThat(actual.oneNorm()).isCloseTo(expected.oneNorm(), within(1e-12 * expected.oneNorm()));
            assertThat(actual.trace()).isEqualTo(expected.trace());
            assertThat(expected.factorise(SolveListener.NONE)).isZero();
            assertThat(actual.factorise((stage, share) -> shares.add(share))).isZero();
            double difference = 0;
            for (int row = 0; row < n; row++) {
                for (int col = 0; col <= row; col++) {
                    difference = Math.max(difference, Math.abs(actual.get(row, col) - expected.get(row, col)));
                }
            }
            assertThat(difference).isLessThan(1e-12);
        }
        assertThat(shares).isSorted().hasSizeGreaterThan(15);
        assertThat(shares.getLast()).isCloseTo(1, within(1e-9));
    }

    private static double[][] bandedPositiveDefinite(int n) {
        double[][] rows = new double[n][];
        double[] noise = DenseMatrices.random(1, 4096, SEED)[0];
        for (int row = 0; row < n; row++) {
            rows[row] = new double[row + 1];
            for (int col = 0; col < row; col++) {
                rows[row][col] = noise[(row * 31 + col * 17) % noise.length] / n;
            }
            rows[row][row] = 2 + row % 3;
        }
        return rows;
    }

    private static void fill(CholeskyStorage storage, double[][] rows) {
        for (int col = 0; col < rows.length; col++) {
            double[] column = new double[rows.length - col];
            for (int row = col; row < rows.length; row++) {
                column[row - col] = rows[row][col];
            }
            storage.put(col, col, column, 0, column.length);
        }
    }

    /** The layout is LAPACK's own: dtfttr unpacks it, and dpftrf makes the same factor in all four conventions. */
    @ParameterizedTest(name = "n = {0}")
    @ValueSource(ints = {1, 2, 5, 6, 61, 62})
    void layoutIsThatOfLapack(int n) throws Throwable {
        double[][] k = DenseMatrices.randomPositiveDefinite(n, 0.5, SEED + n);
        try (PackedStorage ours = new PackedStorage(LIBRARY, n);
                Arena arena = Arena.ofConfined()) {
            fill(ours, lower(k));
            try (PackedTriangle triangle = PackedTriangle.zeros(n)) {
                for (int col = 0; col < n; col++) {
                    triangle.put(col, col, Arrays.copyOfRange(k[col], col, n), 0, n - col);
                }
                double[] unpacked = unpacked(arena, 'N', 'L', n, triangle.segment());
                for (int row = 0; row < n; row++) {
                    for (int col = 0; col <= row; col++) {
                        assertThat(unpacked[row + col * n]).isEqualTo(k[row][col]);
                    }
                }
            }
            assertThat(ours.factorise(SolveListener.NONE)).isZero();
            for (char transposed : new char[] {'N', 'T'}) {
                for (char triangle : new char[] {'L', 'U'}) {
                    double[] factor = factorByLapack(arena, transposed, triangle, n, k);
                    for (int row = 0; row < n; row++) {
                        for (int col = 0; col <= row; col++) {
                            double theirs = factor[triangle == 'L' ? row + col * n : col + row * n];
                            assertThat(ours.get(row, col)).isCloseTo(theirs, within(1e-13));
                        }
                    }
                }
            }
        }
    }

    private static double[][] lower(double[][] k) {
        double[][] rows = new double[k.length][];
        for (int row = 0; row < k.length; row++) {
            rows[row] = Arrays.copyOf(k[row], row + 1);
        }
        return rows;
    }

    /** dtrttf, dpftrf, dtfttr. */
    private static double[] factorByLapack(Arena arena, char transposed, char triangle, int n, double[][] k)
            throws Throwable {
        MemorySegment full = arena.allocateFrom(
                ValueLayout.JAVA_DOUBLE,
                Arrays.stream(k).flatMapToDouble(Arrays::stream).toArray());
        MemorySegment packed = arena.allocate(ValueLayout.JAVA_DOUBLE, n * (n + 1L) / 2);
        MemorySegment info = arena.allocate(ValueLayout.JAVA_INT);
        MemorySegment order = arena.allocateFrom(ValueLayout.JAVA_INT, n);
        MemorySegment t = arena.allocateFrom(ValueLayout.JAVA_BYTE, (byte) transposed);
        MemorySegment u = arena.allocateFrom(ValueLayout.JAVA_BYTE, (byte) triangle);
        routine("dtrttf_", 7).invokeExact(t, u, order, full, order, packed, info, 1L, 1L);
        assertThat(info.get(ValueLayout.JAVA_INT, 0)).isZero();
        routine("dpftrf_", 5).invokeExact(t, u, order, packed, info, 1L, 1L);
        assertThat(info.get(ValueLayout.JAVA_INT, 0)).isZero();
        return unpacked(arena, transposed, triangle, n, packed);
    }

    private static double[] unpacked(Arena arena, char transposed, char triangle, int n, MemorySegment packed)
            throws Throwable {
        MemorySegment full = arena.allocate(ValueLayout.JAVA_DOUBLE, (long) n * n);
        MemorySegment info = arena.allocate(ValueLayout.JAVA_INT);
        MemorySegment order = arena.allocateFrom(ValueLayout.JAVA_INT, n);
        routine("dtfttr_", 7)
                .invokeExact(
                        arena.allocateFrom(ValueLayout.JAVA_BYTE, (byte) transposed),
                        arena.allocateFrom(ValueLayout.JAVA_BYTE, (byte) triangle),
                        order,
                        packed,
                        full,
                        order,
                        info,
                        1L,
                        1L);
        assertThat(info.get(ValueLayout.JAVA_INT, 0)).isZero();
        return full.toArray(ValueLayout.JAVA_DOUBLE);
    }

    private static MethodHandle routine(String name, int arguments) {
        MemoryLayout[] layouts = new MemoryLayout[arguments + 2];
        Arrays.fill(layouts, 0, arguments, ValueLayout.ADDRESS);
        Arrays.fill(layouts, arguments, layouts.length, ValueLayout.JAVA_LONG);
        return LIBRARY.bind(name, FunctionDescriptor.ofVoid(layouts));
    }

    @ParameterizedTest(name = "n = {0}")
    @ValueSource(ints = {1, 2, 3, 31, 32, 200})
    void conditionPivotAndDeterminantEqualThoseOfFullStorage(int n) {
        for (double shift : new double[] {1e-6, 1}) {
            double[][] k = DenseMatrices.randomPositiveDefinite(n, shift, SEED + n);
            try (CholeskyFactor expected = full.factorise(DenseMatrices.kernel(k), 0);
                    CholeskyFactor actual = packed.factorise(DenseMatrices.kernel(k), 0)) {
                double condition = expected.conditionNumber();
                assertThat(actual.conditionNumber()).isCloseTo(condition, within(1e-6 * condition));
                assertThat(actual.smallestPivot())
                        .isCloseTo(expected.smallestPivot(), within(1e-9 * expected.smallestPivot()));
                assertThat(actual.logDeterminant()).isCloseTo(expected.logDeterminant(), within(1e-9 * n));
                assertThat(actual.kernelSha256()).isEqualTo(expected.kernelSha256());
            }
        }
    }

    @ParameterizedTest(name = "n = {0}, the copy is image {0} / 2 or the last")
    @ValueSource(ints = {3, 4, 33, 200})
    void duplicateImageGetsTheHintOfFullStorage(int n) {
        for (int copy : new int[] {n / 2, n - 1}) {
            double[][] k = DenseMatrices.randomPositiveDefinite(n, 0.1, SEED + n);
            k[copy] = k[0].clone();
            for (int row = 0; row < n; row++) {
                k[row][copy] = k[row][0];
            }
            k[copy][copy] = k[0][0] - 1e-9 * k[0][0];
            NotPositiveDefiniteException expected = failure(full, k);
            NotPositiveDefiniteException actual = failure(packed, k);
            assertThat(actual.leadingMinor()).isEqualTo(expected.leadingMinor()).isEqualTo(copy + 1);
            assertThat(actual.helpfulRidge()).isCloseTo(expected.helpfulRidge(), within(0.1 * expected.helpfulRidge()));
            packed.factorise(DenseMatrices.kernel(k), actual.helpfulRidge()).close();
        }
    }

    @ParameterizedTest(name = "image {0} of 100 fails")
    @ValueSource(ints = {0, 15, 16, 31, 49, 50, 65, 66, 99})
    void minorThatFailsIsCountedThroughThePanels(int failing) {
        double[][] rows = bandedPositiveDefinite(100);
        rows[failing][failing] = -1;
        try (PackedStorage storage = new PackedStorage(LIBRARY, 100, 16)) {
            fill(storage, rows);
            assertThat(storage.factorise(SolveListener.NONE)).isEqualTo(failing + 1);
        }
    }

    private static NotPositiveDefiniteException failure(KernelRidge ridge, double[][] k) {
        NotPositiveDefiniteException error = catchThrowableOfType(
                NotPositiveDefiniteException.class, () -> ridge.factorise(DenseMatrices.kernel(k), 0));
        assertThat(error).isNotNull();
        return error;
    }

    @Test
    void bytesAreHalfOfTheSquareAndTheRuleLooksAtTheOrderAlone() {
        assertThat(PackedTriangle.bytes(50_000)).isEqualTo(10_000_200_000L);
        assertThat(KernelRidge.solver(KernelRidge.LARGEST_FULL, SolverPlace.cpu("asked for")))
                .isEqualTo("cholesky");
        assertThat(KernelRidge.solver(KernelRidge.LARGEST_FULL + 1, SolverPlace.cpu("asked for")))
                .isEqualTo("packed cholesky");
        assertThat(KernelRidge.matrixBytes(KernelRidge.LARGEST_FULL, SolverPlace.cpu("asked for")))
                .isEqualTo(2L << 30);
        assertThat(KernelRidge.matrixBytes(50_000, SolverPlace.cpu("asked for")))
                .isEqualTo(10_000_200_000L);
    }
}

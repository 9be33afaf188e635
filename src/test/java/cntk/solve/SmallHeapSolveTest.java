package cntk.solve;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.gram.DamageListener;
import cntk.gram.GramSpec;
import cntk.gram.ZarrGramStore;
import cntk.plan.KernelKind;
import cntk.plan.Precision;
import cntk.plan.Tile;
import cntk.plan.TilePlan;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A store of 31 MB (26 MB in one triangle) is solved by a process with a heap of 24 MiB. */
@Timeout(120)
class SmallHeapSolveTest {
    private static final int N = 3600;
    private static final String HEAP = "-Xmx24m";

    @TempDir
    Path temporary;

    private static GramSpec spec() {
        return new GramSpec(new TilePlan(N, N, 256, true), Precision.F32, KernelKind.NTK, "0123456789ab");
    }

    /** Gaussian kernel of points on a curve, and 0.5 on the diagonal; symmetric. */
    private static double entry(int row, int col) {
        double distance = (row - col) * 0.02;
        return Math.exp(-distance * distance) + (row == col ? 0.5 : 0);
    }

    /** The child: solves and prints iterations, the largest residual and the first coefficient. */
    static final class Solver {
        private Solver() {}

        public static void main(String[] arguments) {
            try (ZarrGramStore store =
                            ZarrGramStore.openReadOnly(Path.of(arguments[0]), spec(), DamageListener.logging());
                    NativeMatrix y = NativeMatrix.zeros(N, 10)) {
                for (int row = 0; row < N; row++) {
                    y.set(row, row % 10, 1);
                }
                TiledMatrix kernel = new TiledMatrix(store.plan(), store::read, Precision.F32);
                PcgSettings settings = new PcgSettings(OptionalInt.of(100), 1e-8, 500, 60);
                PcgReport report = new ConjugateGradients(OpenBlas.load(), 2, settings, PcgListener.none(), () -> false)
                        .solve(kernel, y, 0.1, null);
                double check = -1; // row 7 of (K + ridge I) A = Y, in plain loops
                for (int col = 0; col < N; col++) {
                    check += ((float) entry(7, col) + (col == 7 ? 0.1 : 0)) * y.get(col, 7);
                }
                System.err.println(
                        report.iterations() + " " + report.largestResidual() + " " + check + " " + report.bytesRead());
            }
        }
    }

    @Test
    void aStoreLargerThanTheHeapIsSolved() throws Exception {
        Path store = temporary.resolve("train");
        long bytes = write(store);
        assertThat(bytes).isGreaterThan(Long.parseLong(HEAP.replaceAll("\\D", "")) << 20);
        Path out = temporary.resolve("out");
        Process solver = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        HEAP,
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Solver.class.getName(),
                        store.toString())
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
        assertThat(solver.waitFor(110, TimeUnit.SECONDS)).isTrue();
        String text = Files.readString(out, StandardCharsets.UTF_8);
        assertThat(solver.exitValue()).as(text).isZero();
        String[] words =
                text.strip().lines().reduce((_, last) -> last).orElseThrow().split(" ");
        assertThat(Integer.parseInt(words[0])).isPositive();
        assertThat(Double.parseDouble(words[1])).isLessThanOrEqualTo(1e-8);
        assertThat(Math.abs(Double.parseDouble(words[2]))).isLessThan(1e-6);
        assertThat(Long.parseLong(words[3])).isGreaterThan(bytes);
    }

    /** Returns the size of the store. */
    private static long write(Path directory) throws IOException {
        try (ZarrGramStore store = ZarrGramStore.open(directory, spec(), DamageListener.logging())) {
            double[] values = new double[256 * 256];
            for (Tile tile : store.plan().tiles()) {
                for (int at = 0; at < tile.entries(); at++) {
                    int row = tile.rowBegin() + at / tile.cols();
                    values[at] = (float) entry(row, tile.colBegin() + at % tile.cols());
                }
                store.commit(tile, values);
            }
        }
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }
}

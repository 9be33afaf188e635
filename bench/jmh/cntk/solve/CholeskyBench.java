package cntk.solve;

import com.sun.management.OperatingSystemMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Locale;

/**
 * Full storage (dpotrf), packed storage (panels) and dpftrf on the same matrix, in turn: a shared machine drifts, ratios of
 * neighbours do not. Rows: cholesky/STORAGE/n. Not a JMH class, for JMH takes its benchmarks one after the other:
 *
 * <pre>
 *   mvn -q -Pbench test-compile
 *   java --enable-native-access=ALL-UNNAMED -cp 'target/test-classes:target/classes:target/lib/*' cntk.solve.CholeskyBench N THREADS ROUNDS
 * </pre>
 */
final class CholeskyBench {
    private CholeskyBench() {}

    private static MethodHandle dpftrf;
    private static boolean cpuTime;

    public static void main(String[] arguments) throws Throwable {
        int n = Integer.parseInt(arguments[0]);
        OpenBlas library = OpenBlas.load();
        library.setThreads(Integer.parseInt(arguments[1]));
        cpuTime = arguments[1].equals("1");
        dpftrf = library.bind(
                "dpftrf_",
                FunctionDescriptor.ofVoid(
                        ValueLayout.ADDRESS,
                        ValueLayout.ADDRESS,
                        ValueLayout.ADDRESS,
                        ValueLayout.ADDRESS,
                        ValueLayout.ADDRESS,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG));
        for (int round = 0; round < Integer.parseInt(arguments[2]); round++) {
            double full;
            double packed;
            double whole;
            try (FullStorage storage = new FullStorage(new Lapack(library), n)) {
                fill(storage);
                full = seconds(() -> storage.factorise(SolveListener.NONE));
            }
            try (PackedStorage storage = new PackedStorage(library, n)) {
                fill(storage);
                packed = seconds(() -> storage.factorise(SolveListener.NONE));
            }
            try (PackedTriangle triangle = PackedTriangle.zeros(n)) {
                for (int col = 0; col < n; col++) {
                    triangle.put(col, col, column(n, col), 0, n - col);
                }
                whole = seconds(() -> factoriseWhole(triangle));
            }
            double flops = SolveProbe.flops(n) * 1e-9;
            System.out.printf(
                    Locale.ROOT,
                    "n=%d full %.3f s (%.1f GFLOP/s)  packed %.3f s (%.1f, %.3f of full)  dpftrf %.3f s (%.1f, %.3f of full)%n",
                    n,
                    full,
                    flops / full,
                    packed,
                    flops / packed,
                    packed / full,
                    whole,
                    flops / whole,
                    whole / full);
        }
    }

    private static void factoriseWhole(PackedTriangle triangle) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(ValueLayout.JAVA_INT);
            dpftrf.invokeExact(
                    arena.allocateFrom(ValueLayout.JAVA_BYTE, (byte) 'N'),
                    arena.allocateFrom(ValueLayout.JAVA_BYTE, (byte) 'L'),
                    arena.allocateFrom(ValueLayout.JAVA_INT, triangle.size()),
                    triangle.segment(),
                    info,
                    1L,
                    1L);
            if (info.get(ValueLayout.JAVA_INT, 0) != 0) {
                throw new IllegalStateException("dpftrf: " + info.get(ValueLayout.JAVA_INT, 0));
            }
        } catch (Throwable failure) {
            throw OpenBlas.unexpected(failure);
        }
    }

    private static void fill(CholeskyStorage storage) {
        int n = storage.size();
        for (int col = 0; col < n; col++) {
            storage.put(col, col, column(n, col), 0, n - col);
        }
    }

    private static double[] column(int n, int col) {
        double[] column = new double[n - col];
        Arrays.setAll(column, row -> row == 0 ? 2 : ((row * 7919 + col * 104_729) % 1000 - 500) * 1e-3 / n);
        return column;
    }

    /** Of the process on one thread: on a busy machine steadier than the clock on the wall. */
    private static double seconds(Runnable work) {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long start = cpuTime ? system.getProcessCpuTime() : System.nanoTime();
        work.run();
        return ((cpuTime ? system.getProcessCpuTime() : System.nanoTime()) - start) * 1e-9;
    }
}

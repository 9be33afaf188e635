package cntk.solve;

import cntk.backend.cuda.CudaDevice;
import cntk.backend.cuda.CudaDeviceInfo;
import cntk.backend.cuda.CudaEvent;
import cntk.backend.cuda.CudaResources;
import cntk.backend.cuda.CudaStream;
import cntk.backend.cuda.DeviceBuffer;
import cntk.backend.cuda.RegisteredMemory;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.Optional;

/**
 * Times cuSOLVER's Cholesky of doubles on matrices of given sizes, step by step by CUDA events, and checks the answer on the host.
 * The matrix is dense, positive definite at any size and made in no time: entries 1/(1 + |i-j|/100), which is convex in |i-j| (Polya's
 * criterion), and 1 more on the diagonal.
 */
public final class CudaSolverBenchmark {
    /** Right sides: one a class. */
    public static final int COLUMNS = 10;

    private static final double DECAY = 100;
    private static final double GIB = 1L << 30;

    private final CudaDeviceInfo info;
    private final Lapack lapack;

    public CudaSolverBenchmark(CudaDeviceInfo info) {
        this.info = info;
        this.lapack = new Lapack(OpenBlas.load());
    }

    /**
     * Seconds of the steps for n x n and {@link #COLUMNS} right sides.
     *
     * @param backwardError largest of a column, computed on the host
     */
    public record Timing(int n, double copySeconds, double factorSeconds, double solveSeconds, double backwardError) {
        /** n^3 / 3 multiply-adds, two operations each. */
        public double factorOperationsPerSecond() {
            return 2.0 / 3 * n * n * n / factorSeconds;
        }

        /** Whether rounding alone explains the error. */
        public boolean right() {
            return backwardError <= Residual.allowed(n);
        }
    }

    /**
     * The times, or why there are none.
     *
     * @param skipped what this machine has too little of
     */
    public record Outcome(int n, Optional<Timing> timing, Optional<String> skipped) {}

    /** Times one size; a size that does not fit device or host is skipped. */
    public Outcome run(int n) {
        Optional<String> missing = Cusolver.missingLibrary();
        if (missing.isPresent()) {
            return new Outcome(
                    n, Optional.empty(), Optional.of("cuSOLVER is missing: " + missing.get() + " not found"));
        }
        try (CudaDevice device = CudaDevice.open(info)) {
            long needed = CudaCholesky.bytes(n, COLUMNS);
            long free = device.freeBytes();
            if (needed > free) {
                return new Outcome(n, Optional.empty(), Optional.of(tooLarge(needed, free)));
            }
            try (NativeMatrix matrix = NativeMatrix.zeros(n, n);
                    NativeMatrix given = NativeMatrix.zeros(n, COLUMNS);
                    NativeMatrix x = NativeMatrix.zeros(n, COLUMNS)) {
                fill(matrix);
                for (int row = 0; row < n; row++) {
                    for (int col = 0; col < COLUMNS; col++) {
                        given.set(row, col, Math.sin(row * (col + 1.0)));
                        x.set(row, col, Math.sin(row * (col + 1.0)));
                    }
                }
                return new Outcome(n, Optional.of(time(device, matrix, given, x)), Optional.empty());
            } catch (MemoryShortageException small) {
                return new Outcome(n, Optional.empty(), Optional.of(String.valueOf(small.getMessage())));
            }
        }
    }

    private static String tooLarge(long needed, long free) {
        return String.format(
                Locale.ROOT, "needs %.1f GiB of device memory, %.1f GiB are free", needed / GIB, free / GIB);
    }

    /** The lower triangle, column by column. */
    private static void fill(NativeMatrix matrix) {
        int n = matrix.rows();
        double[] entries = new double[n];
        for (int distance = 0; distance < n; distance++) {
            entries[distance] = 1 / (1 + distance / DECAY);
        }
        entries[0] += 1;
        for (int col = 0; col < n; col++) {
            matrix.putColumn(col, col, entries, 0, n - col);
        }
    }

    private Timing time(CudaDevice device, NativeMatrix matrix, NativeMatrix given, NativeMatrix x) {
        int n = matrix.rows();
        double[] seconds = new double[3];
        try (CudaResources opened = new CudaResources()) {
            CudaStream stream = opened.add(device.stream());
            CudaEvent[] marks = new CudaEvent[4];
            for (int mark = 0; mark < marks.length; mark++) {
                marks[mark] = opened.add(device.event());
            }
            Cusolver solver = opened.add(new Cusolver(device, stream));
            DeviceBuffer factor = opened.add(device.allocate(NativeMatrix.bytes(n, n)));
            DeviceBuffer right = opened.add(device.allocate(NativeMatrix.bytes(n, COLUMNS)));
            right.copyFrom(x.segment(), 0, stream);
            stream.synchronize();
            marks[0].record(stream);
            copy(device, matrix.segment(), factor, stream);
            marks[1].record(stream);
            int minor = solver.factorise(n, factor);
            if (minor != 0) {
                throw new IllegalStateException(
                        "cuSOLVER finds minor " + minor + " of a positive definite matrix not to be so");
            }
            marks[2].record(stream);
            solver.solve(n, COLUMNS, factor, right);
            marks[3].record(stream);
            marks[3].synchronize();
            for (int step = 0; step < seconds.length; step++) {
                seconds[step] = marks[step + 1].millisecondsSince(marks[step]) * 1e-3;
            }
            right.copyTo(x.segment(), 0, stream);
            stream.synchronize();
        }
        double error = Residual.backwardError(lapack, matrix, x, given);
        return new Timing(n, seconds[0], seconds[1], seconds[2], error);
    }

    private static void copy(CudaDevice device, MemorySegment from, DeviceBuffer to, CudaStream stream) {
        try (RegisteredMemory _ = new RegisteredMemory(device, from)) {
            to.copyFrom(from, 0, stream);
            stream.synchronize(); // the memory is pinned only while it is registered
        }
    }
}

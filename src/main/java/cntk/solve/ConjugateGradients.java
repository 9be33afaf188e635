package cntk.solve;

import cntk.plan.Precision;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Kernel ridge regression without the matrix in memory: preconditioned block conjugate gradients for (K + ridge I) A = Y, where
 * K is streamed from its store once an iteration (maths.md, eq. 55 to 61).
 *
 * <p>An answer is given only if the residual, computed from it, is below the tolerance for every class; else {@link
 * NoConvergenceException} says what stood in the way. Iterations go on until the bound on the error of predictions is below a
 * hundred times the tolerance too; where rounding forbids that, a warning says how large it is.
 */
public final class ConjugateGradients {
    /** Iterations between looks at the true residual, each of which reads the matrix once. */
    private static final int CHECK_EVERY = 50;
    /** The true residual may be this much above that of the recursion. */
    private static final double DRIFT = 2;
    /** The error of predictions that is accepted, relative to the largest target, in units of the tolerance. */
    private static final double ERROR_PER_TOLERANCE = 100;

    private static final double NANOS = 1e9;

    private final OpenBlas library;
    private final int threads;
    private final PcgSettings settings;
    private final PcgListener listener;
    private final BooleanSupplier stop;

    /** @param stop asked before every tile; if it says yes, the solve writes a checkpoint and throws {@link SolveStoppedException} */
    public ConjugateGradients(
            OpenBlas library, int threads, PcgSettings settings, PcgListener listener, BooleanSupplier stop) {
        this.library = library;
        this.threads = threads;
        this.settings = settings;
        this.listener = listener;
        this.stop = stop;
    }

    /** Bytes of memory, heap included, for n images: preconditioner, vectors and tiles; more than enough. */
    public static long bytes(int n, int classes, int rank, int tileSide, int threads) {
        long factor = Math.multiplyExact((long) n, rank + Math.max(32, rank / 8) + 12L * classes);
        long tiles = Math.multiplyExact((long) tileSide * tileSide, 3L * (threads + 1));
        return Math.multiplyExact(Double.BYTES, Math.addExact(Math.addExact(factor, (long) rank * rank), tiles));
    }

    /**
     * Solves for the coefficients A in place of {@code targets}.
     *
     * @param targets Y, n x classes; stays the caller's to close, and as it is if this throws
     * @param checkpoint where the state is kept; null for nowhere
     * @throws NoConvergenceException if there is no answer to stand for
     * @throws NonFiniteKernelException when K has NaN or infinite entries
     * @throws MemoryShortageException when preconditioner or vectors do not fit
     * @throws SolveStoppedException if it was asked to stop
     * @throws cntk.dataset.InputException if the checkpoint is damaged
     */
    public PcgReport solve(TiledMatrix kernel, NativeMatrix targets, double ridge, @Nullable PcgCheckpoint checkpoint) {
        if (targets.rows() != kernel.size()) {
            throw new IllegalArgumentException(
                    "targets have " + targets.rows() + " rows, the kernel matrix has " + kernel.size());
        }
        if (!(ridge >= 0) || Double.isInfinite(ridge)) {
            throw new IllegalArgumentException("ridge " + ridge + " is not a finite number >= 0");
        }
        library.setThreads(
                1); // the tasks are parallel, and one thread a call gives the same bits on any number of them
        try (OrderedTasks tasks = new OrderedTasks(threads)) {
            return new Run(kernel, targets, ridge, checkpoint, tasks).solve();
        } finally {
            library.setThreads(threads);
        }
    }

    /** One solve. */
    private final class Run {
        private final long start = System.nanoTime();
        private final TiledMatrix kernel;
        private final NativeMatrix targets;
        private final double ridge;
        private final @Nullable PcgCheckpoint checkpoint;
        private final OrderedTasks tasks;
        private final TileStream stream;
        private final double[] norms;
        private final double[] diagonal;
        private final double largestTarget;
        private final byte[] equations;
        private double preconditionerSeconds;
        private long preconditionerBytes;
        private long bytesBefore;
        private int resumedAt;
        private long lastCheckpoint = System.nanoTime();

        Run(
                TiledMatrix kernel,
                NativeMatrix targets,
                double ridge,
                @Nullable PcgCheckpoint checkpoint,
                OrderedTasks tasks) {
            this.kernel = kernel;
            this.targets = targets;
            this.ridge = ridge;
            this.checkpoint = checkpoint;
            this.tasks = tasks;
            this.stream = new TileStream(kernel, stop);
            this.norms = BlockRecursion.norms(targets);
            this.diagonal = stream.diagonal();
            double largest = 0;
            for (int col = 0; col < targets.cols(); col++) {
                for (int row = 0; row < targets.rows(); row++) {
                    largest = Math.max(largest, Math.abs(targets.get(row, col)));
                }
            }
            this.largestTarget = largest;
            this.equations = hash();
        }

        private byte[] hash() {
            try {
                MessageDigest digest = MessageDigest.getInstance("SHA-256");
                ByteBuffer buffer = ByteBuffer.allocate(Double.BYTES);
                digest.update(buffer.putDouble(0, ridge).rewind());
                for (double entry : diagonal) {
                    digest.update(buffer.putDouble(0, entry).rewind());
                }
                digest.update(targets.segment().asByteBuffer());
                return digest.digest();
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e); // every Java platform has SHA-256
            }
        }

        PcgReport solve() {
            Lapack lapack = new Lapack(library);
            DataInputStream saved = checkpoint == null ? null : checkpoint.read(equations, listener);
            try (PartialCholesky factor = factor(lapack);
                    KernelProduct product = product(lapack);
                    NativeMatrix b = normalised();
                    BlockRecursion recursion = new BlockRecursion(library, lapack, product, factor, b)) {
                long checksum = checkpoint == null ? 0 : factor.checksum();
                try {
                    begin(recursion, saved, checksum);
                    PcgReport report = iterate(recursion, factor, checksum);
                    write(recursion.solution());
                    return report;
                } catch (SolveStoppedException stopped) {
                    save(recursion, checksum);
                    throw stopped;
                }
            }
        }

        private KernelProduct product(Lapack lapack) {
            return kernel.products()
                    .<KernelProduct>map(products -> new DistributedProduct(products, stream, ridge))
                    .orElseGet(() -> new TiledProduct(lapack, stream, tasks, ridge, targets.cols()));
        }

        private PartialCholesky factor(Lapack lapack) {
            int rank = settings.rank(kernel.size());
            PartialCholesky factor = RandomPivots.factor(lapack, stream, tasks, ridge, diagonal, rank);
            preconditionerSeconds = (System.nanoTime() - start) / NANOS;
            preconditionerBytes = stream.bytes();
            listener.preconditioned(rank, preconditionerSeconds);
            return factor;
        }

        private NativeMatrix normalised() {
            NativeMatrix b = NativeMatrix.copyOf(targets);
            for (int col = 0; col < b.cols(); col++) {
                for (int row = 0; row < b.rows() && norms[col] > 0; row++) {
                    b.set(row, col, b.get(row, col) / norms[col]);
                }
            }
            return b;
        }

        private void write(NativeMatrix solution) {
            for (int col = 0; col < targets.cols(); col++) {
                for (int row = 0; row < targets.rows(); row++) {
                    targets.set(row, col, solution.get(row, col) * norms[col]);
                }
            }
        }

        private void begin(BlockRecursion recursion, @Nullable DataInputStream saved, long checksum) {
            if (saved != null) {
                try {
                    boolean same = saved.readLong() == checksum;
                    bytesBefore = saved.readLong();
                    recursion.readFrom(saved, same);
                    resumedAt = recursion.iteration();
                    listener.resumed(resumedAt, same);
                } catch (IOException e) {
                    throw new IllegalStateException(e); // its checksum was right
                }
            }
            if (!recursion.begun()) {
                recursion.begin();
            }
        }

        private void save(BlockRecursion recursion, long checksum) {
            if (checkpoint != null && recursion.begun()) {
                checkpoint.write(equations, out -> {
                    out.writeLong(checksum);
                    out.writeLong(bytesRead());
                    recursion.writeTo(out);
                });
                lastCheckpoint = System.nanoTime();
            }
        }

        private long bytesRead() {
            return bytesBefore + stream.bytes();
        }

        private PcgReport iterate(BlockRecursion recursion, PartialCholesky factor, long checksum) {
            while (true) {
                double residual = largest(recursion.residuals());
                listener.iteration(recursion.iteration(), residual);
                boolean last = recursion.iteration() >= settings.iterations();
                boolean claimed = recursion.ended()
                        || (residual <= settings.tolerance() && accurate(recursion, recursion.preconditioned()));
                boolean due = recursion.iteration() > 0 && recursion.iteration() % CHECK_EVERY == 0;
                if (claimed || last || due) {
                    PcgReport report = judge(recursion, factor, checksum, residual, claimed, last);
                    if (report != null) {
                        return report;
                    }
                }
                if (!recursion.step()) {
                    throw NoConvergenceException.indefinite(ridge, recursion.iteration());
                }
                if ((System.nanoTime() - lastCheckpoint) / NANOS >= settings.checkpointSeconds()) {
                    save(recursion, checksum);
                }
            }
        }

        /** Looks at the true residual: the report if it is good enough, null if there is more to do. */
        private @Nullable PcgReport judge(
                BlockRecursion recursion,
                PartialCholesky factor,
                long checksum,
                double residual,
                boolean claimed,
                boolean last) {
            double[] truth = recursion.trueResiduals();
            double worst = largest(truth);
            BlockLanczos lanczos = recursion.lanczos();
            lanczos.update();
            if (lanczos.smallest() <= kernel.size() * Math.ulp(1.0) * lanczos.largest()) {
                throw NoConvergenceException.ofCondition(ridge, lanczos.smallest(), lanczos.largest());
            }
            double error = predictionError(recursion, recursion.truePreconditioned());
            boolean solved = worst <= settings.tolerance();
            if (solved && (last || error <= acceptedError())) {
                return report(recursion, factor, truth, error);
            }
            if (last) {
                save(recursion, checksum);
                throw NoConvergenceException.limit(
                        settings, ridge, worst, lanczos.condition(), enoughRidge(factor, lanczos));
            }
            if (claimed || worst > DRIFT * residual) {
                boolean progress = recursion.restart(worst);
                listener.restarted(recursion.iteration(), worst);
                if (!progress || recursion.ended()) {
                    if (solved) { // rounding forbids a better answer; the report says how good this one is
                        return report(recursion, factor, truth, error);
                    }
                    throw NoConvergenceException.stagnated(
                            ridge, recursion.iteration(), worst, settings.tolerance(), lanczos.condition());
                }
            }
            return null;
        }

        /** Whether the bound on the error of predictions is small enough. */
        private boolean accurate(BlockRecursion recursion, double[] preconditioned) {
            recursion.lanczos().update();
            return predictionError(recursion, preconditioned) <= acceptedError();
        }

        private double acceptedError() {
            return ERROR_PER_TOLERANCE * settings.tolerance() * largestTarget;
        }

        /** Eq. 61, in units of the targets. */
        private double predictionError(BlockRecursion recursion, double[] preconditioned) {
            double error = 0;
            for (int col = 0; col < preconditioned.length; col++) {
                error = Math.max(error, preconditioned[col] * norms[col]);
            }
            double scale = Arrays.stream(diagonal).max().orElse(0);
            return error == 0
                    ? 0
                    : error * Math.sqrt(scale / recursion.lanczos().smallest());
        }

        /** The ridge for which eq. 58 promises the tolerance in the iterations that were allowed. */
        private double enoughRidge(PartialCholesky factor, BlockLanczos lanczos) {
            double root = 2 * settings.iterations() / Math.log(2 / settings.tolerance());
            return Math.max(2 * ridge, lanczos.largest() * factor.largestRemainder() / (root * root));
        }

        private PcgReport report(BlockRecursion recursion, PartialCholesky factor, double[] truth, double error) {
            return new PcgReport(
                    recursion.iteration(),
                    resumedAt,
                    recursion.restarts(),
                    factor.rank(),
                    Arrays.stream(truth).boxed().toList(),
                    error,
                    recursion.lanczos().condition(),
                    factor.smallestPivot(),
                    preconditionerBytes,
                    bytesRead(),
                    preconditionerSeconds,
                    (System.nanoTime() - start) / NANOS,
                    warnings(factor.smallestPivot(), error));
        }

        /** The mean of the eigenvalues over a bound of the least one is at most the condition. */
        private List<String> warnings(double smallestPivot, double error) {
            List<String> warnings = new ArrayList<>();
            if (error > acceptedError()) {
                warnings.add(String.format(
                        Locale.ROOT,
                        "the residuals are small enough, but the kernel is so nearly singular that predictions may still be off by %.0e; use a ridge",
                        error));
            }
            double condition = (Arrays.stream(diagonal).average().orElse(0) + ridge) / smallestPivot;
            if (kernel.stored() == Precision.F32 && condition > 1 / (double) Math.ulp(1.0f)) {
                warnings.add(String.format(
                        Locale.ROOT,
                        "condition at least %.1e: rounding of the float32 kernel entries may exceed the smallest eigenvalue; use --precision f64 or a ridge",
                        condition));
            }
            return List.copyOf(warnings);
        }
    }

    private static double largest(double[] values) {
        return Arrays.stream(values).max().orElse(0);
    }
}

package cntk.solve;

import cntk.backend.cuda.CudaDeviceInfo;
import cntk.backend.cuda.CudaException;
import cntk.plan.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Kernel ridge regression by Cholesky in double precision: (K + ridge I) A = Y (DESIGN.md, section 4).
 *
 * <p>Memory: one n x n matrix of doubles up to {@value #LARGEST_FULL} images, beyond that one triangle of it (n (n + 1) / 2
 * doubles, {@link PackedTriangle}); also while the smallest helpful ridge is sought. The rule looks at n alone, so that the
 * bits of a result do not depend on what else the machine is doing; a GPU gets the matrix from full storage at any size.
 */
public final class KernelRidge {
    /** Relative rounding of stored entries times this condition number reaches the smallest eigenvalue. */
    private static final double F32_LIMIT = 1 / (double) Math.ulp(1.0f);

    private static final double F64_LIMIT = 1 / Math.ulp(1.0);

    /**
     * Smaller matrices are factorised on one thread: they take under a second there, while OpenBLAS' threads wait for each
     * other by spinning, which on a machine with other work made n = 2000 take 1.9 s instead of 0.07 s.
     */
    private static final int SMALLEST_FOR_THREADS = 4096;

    /** Largest matrix in full storage: 2 GiB. */
    static final int LARGEST_FULL = 16384;

    private final OpenBlas library;
    private final int threads;
    private final int largestFull;
    private final SolveListener listener;
    private final SolverPlace place;

    /** @param threads most threads of a solve; small ones use one, and the choice stays for later BLAS calls of the process */
    public KernelRidge(OpenBlas library, int threads) {
        this(library, threads, SolverPlace.cpu("asked for"), SolveListener.NONE);
    }

    /** @param threads most threads of a solve; small ones use one, and the choice stays for later BLAS calls of the process */
    KernelRidge(OpenBlas library, int threads, SolveListener listener) {
        this(library, threads, SolverPlace.cpu("asked for"), listener);
    }

    /** As above, with {@link #solve} on the GPU if that is the place. */
    public KernelRidge(OpenBlas library, int threads, SolverPlace place, SolveListener listener) {
        this(library, threads, place, listener, LARGEST_FULL);
    }

    /** @param largestFull order of the largest matrix in full storage */
    KernelRidge(OpenBlas library, int threads, SolveListener listener, int largestFull) {
        this(library, threads, SolverPlace.cpu("asked for"), listener, largestFull);
    }

    private KernelRidge(OpenBlas library, int threads, SolverPlace place, SolveListener listener, int largestFull) {
        this.place = place;
        this.library = library;
        this.threads = threads;
        this.listener = listener;
        this.largestFull = largestFull;
        library.setThreads(threads);
    }

    /** Bytes of memory for the matrix of {@code images} training images, on the host. */
    public static long matrixBytes(int images, SolverPlace place) {
        return images <= LARGEST_FULL || place.gpu().isPresent()
                ? NativeMatrix.bytes(images, images)
                : PackedTriangle.bytes(images);
    }

    /** How a system of that many training images is solved: {@code cholesky}, {@code packed cholesky}, or the GPU, {@code cuda/0}. */
    public static String solver(int images, SolverPlace place) {
        return place.gpu().isPresent() ? place.name() : solver(images <= LARGEST_FULL);
    }

    private static String solver(boolean full) {
        return full ? "cholesky" : "packed cholesky";
    }

    /**
     * Solves for the coefficients A in place of {@code targets}.
     *
     * @param targets Y, n x classes; holds A afterwards; stays the caller's to close
     * @param stored precision of the kernel's entries, for the warning about ill-conditioned matrices
     * @throws NotPositiveDefiniteException when K + ridge I does not factorise
     * @throws NonFiniteKernelException when K has NaN or infinite entries
     * @throws MemoryShortageException when the matrix does not fit
     * @throws CudaException when the GPU fails and is the only place; else the CPU goes on, and a warning says so
     */
    public RidgeSolution solve(KernelSource kernel, NativeMatrix targets, double ridge, Precision stored) {
        if (targets.rows() != kernel.size()) {
            throw new IllegalArgumentException(
                    "targets have " + targets.rows() + " rows, the kernel matrix has " + kernel.size());
        }
        Stopwatch watch = new Stopwatch();
        LoadedSystem loaded = load(kernel, ridge);
        double fillSeconds = watch.lap();
        List<String> remarks = new ArrayList<>();
        if (place.gpu().isPresent()) {
            Optional<RidgeSolution> solution =
                    solveOn(place.gpu().get(), loaded, targets, ridge, stored, fillSeconds, remarks);
            if (solution.isPresent()) {
                return solution.get();
            }
        }
        return solveHere(loaded, targets, ridge, stored, fillSeconds, remarks);
    }

    /** Takes over {@code loaded} unless the answer is empty, which it is where the GPU failed and the CPU may go on. */
    private Optional<RidgeSolution> solveOn(
            CudaDeviceInfo gpu,
            LoadedSystem loaded,
            NativeMatrix targets,
            double ridge,
            Precision stored,
            double fillSeconds,
            List<String> remarks) {
        boolean goesOn = false;
        try {
            loaded.matrix().addToDiagonal(ridge);
            listener.at(SolveListener.Stage.FACTORISE, 0);
            CudaRidge solved =
                    CudaRidge.solve(gpu, ((FullStorage) loaded.matrix()).matrix(), targets, new Lapack(library));
            if (solved.failingMinor() != 0) {
                throw notPositiveDefinite(loaded, ridge, solved.failingMinor());
            }
            return Optional.of(new RidgeSolution(
                    targets,
                    ridge,
                    solved.condition(),
                    solved.smallestPivot(),
                    place.name(),
                    library.threads(),
                    loaded.sha256(),
                    new SolveTimings(
                            fillSeconds,
                            solved.factorSeconds(),
                            solved.substitutionSeconds(),
                            solved.conditionSeconds()),
                    warnings(solved.condition(), stored)));
        } catch (CudaException | NativeLibraryException failure) {
            if (place.forced()) {
                throw failure;
            }
            remarks.add("the GPU did not solve the regression, the CPU did: " + failure.getMessage());
            loaded.load(listener); // without the ridge again
            goesOn = true;
            return Optional.empty();
        } finally {
            if (!goesOn) {
                loaded.close();
            }
        }
    }

    private RidgeSolution solveHere(
            LoadedSystem loaded,
            NativeMatrix targets,
            double ridge,
            Precision stored,
            double fillSeconds,
            List<String> remarks) {
        Stopwatch watch = new Stopwatch();
        try (CholeskyFactor factor = factorise(loaded, ridge)) {
            double factorSeconds = watch.lap();
            listener.at(SolveListener.Stage.SUBSTITUTE, 0);
            factor.solveInPlace(targets);
            double solveSeconds = watch.lap();
            listener.at(SolveListener.Stage.CONDITION, 0);
            double condition = factor.conditionNumber();
            SolveTimings timings = new SolveTimings(fillSeconds, factorSeconds, solveSeconds, watch.lap());
            remarks.addAll(warnings(condition, stored));
            return new RidgeSolution(
                    targets,
                    ridge,
                    condition,
                    factor.smallestPivot(),
                    solver(isFull(targets.rows())),
                    library.threads(),
                    factor.kernelSha256(),
                    timings,
                    List.copyOf(remarks));
        }
    }

    private boolean isFull(int images) {
        return images <= largestFull || place.gpu().isPresent();
    }

    /** Factorises K + ridge I, for callers with several right sides; same exceptions as {@link #solve}. */
    public CholeskyFactor factorise(KernelSource kernel, double ridge) {
        return factorise(load(kernel, ridge), ridge);
    }

    /** As {@link #solver(int, SolverPlace)}, here. */
    String solver(int images) {
        return place.gpu().isPresent() ? place.name() : solver(images <= largestFull);
    }

    /** Threads for a system of that many images. */
    int threadsOf(int images) {
        return images < SMALLEST_FOR_THREADS ? 1 : threads;
    }

    private LoadedSystem load(KernelSource kernel, double ridge) {
        if (!(ridge >= 0) || Double.isInfinite(ridge)) {
            throw new IllegalArgumentException("ridge " + ridge + " is not a finite number >= 0");
        }
        CholeskyStorage storage = isFull(kernel.size())
                ? new FullStorage(new Lapack(library), kernel.size())
                : new PackedStorage(library, kernel.size());
        LoadedSystem loaded = new LoadedSystem(kernel, storage);
        try {
            loaded.load(listener);
            return loaded;
        } catch (RuntimeException | Error failure) {
            loaded.close();
            throw failure;
        }
    }

    /** Takes over {@code loaded}: the factor owns it, or it is closed. */
    private CholeskyFactor factorise(LoadedSystem loaded, double ridge) {
        try {
            library.setThreads(threadsOf(loaded.matrix().size()));
            loaded.matrix().addToDiagonal(ridge);
            double oneNorm = loaded.matrix().oneNorm();
            listener.at(SolveListener.Stage.FACTORISE, 0);
            int failingMinor = loaded.matrix().factorise(listener);
            if (failingMinor == 0) {
                return new CholeskyFactor(loaded, oneNorm, ridge);
            }
            throw notPositiveDefinite(loaded, ridge, failingMinor);
        } catch (RuntimeException | Error failure) {
            loaded.close();
            throw failure;
        }
    }

    private NotPositiveDefiniteException notPositiveDefinite(LoadedSystem loaded, double ridge, int failingMinor) {
        loaded.load(listener);
        String cause = loaded.dependence(failingMinor - 1);
        RidgeSearch.Result help = new RidgeSearch(loaded, listener).above(ridge);
        return new NotPositiveDefiniteException(ridge, failingMinor, cause, help);
    }

    static List<String> warnings(double condition, Precision stored) {
        List<String> warnings = new ArrayList<>();
        if (condition > F64_LIMIT) {
            warnings.add(String.format(
                    Locale.ROOT,
                    "condition %.1e: the kernel matrix is singular to double precision, predictions may be noise; use a ridge",
                    condition));
        } else if (stored == Precision.F32 && condition > F32_LIMIT) {
            warnings.add(String.format(
                    Locale.ROOT,
                    "condition %.1e: rounding of the float32 kernel entries may exceed the smallest eigenvalue; use --precision f64 or a ridge",
                    condition));
        }
        return List.copyOf(warnings);
    }
}

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
 * <p>Memory: one n x n matrix of doubles, also while the smallest helpful ridge is sought.
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

    private final Lapack lapack;
    private final OpenBlas library;
    private final int threads;
    private final SolverPlace place;

    /** @param threads most threads of a solve; small ones use one, and the choice stays for later BLAS calls of the process */
    public KernelRidge(OpenBlas library, int threads) {
        this(library, threads, SolverPlace.cpu("asked for"));
    }

    /** As above, with {@link #solve} on the GPU if that is the place. */
    public KernelRidge(OpenBlas library, int threads, SolverPlace place) {
        this.place = place;
        this.library = library;
        this.lapack = new Lapack(library);
        this.threads = threads;
        library.setThreads(threads);
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
        LoadedKernel loaded = load(kernel, ridge);
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
            LoadedKernel loaded,
            NativeMatrix targets,
            double ridge,
            Precision stored,
            double fillSeconds,
            List<String> remarks) {
        boolean goesOn = false;
        try {
            loaded.matrix().addToDiagonal(ridge);
            CudaRidge solved = CudaRidge.solve(gpu, loaded.matrix(), targets, lapack);
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
            loaded.load(); // without the ridge again
            goesOn = true;
            return Optional.empty();
        } finally {
            if (!goesOn) {
                loaded.close();
            }
        }
    }

    private RidgeSolution solveHere(
            LoadedKernel loaded,
            NativeMatrix targets,
            double ridge,
            Precision stored,
            double fillSeconds,
            List<String> remarks) {
        Stopwatch watch = new Stopwatch();
        try (CholeskyFactor factor = factorise(loaded, ridge)) {
            double factorSeconds = watch.lap();
            factor.solveInPlace(targets);
            double solveSeconds = watch.lap();
            double condition = factor.conditionNumber();
            SolveTimings timings = new SolveTimings(fillSeconds, factorSeconds, solveSeconds, watch.lap());
            remarks.addAll(warnings(condition, stored));
            return new RidgeSolution(
                    targets,
                    ridge,
                    condition,
                    factor.smallestPivot(),
                    "cpu",
                    library.threads(),
                    timings,
                    List.copyOf(remarks));
        }
    }

    /** Factorises K + ridge I, for callers with several right sides; same exceptions as {@link #solve}. */
    public CholeskyFactor factorise(KernelSource kernel, double ridge) {
        return factorise(load(kernel, ridge), ridge);
    }

    private static LoadedKernel load(KernelSource kernel, double ridge) {
        if (!(ridge >= 0) || Double.isInfinite(ridge)) {
            throw new IllegalArgumentException("ridge " + ridge + " is not a finite number >= 0");
        }
        LoadedKernel loaded = new LoadedKernel(kernel);
        try {
            loaded.load();
            return loaded;
        } catch (RuntimeException | Error failure) {
            loaded.close();
            throw failure;
        }
    }

    /** Takes over {@code loaded}: the factor owns it, or it is closed. */
    private CholeskyFactor factorise(LoadedKernel loaded, double ridge) {
        try {
            library.setThreads(loaded.matrix().rows() < SMALLEST_FOR_THREADS ? 1 : threads);
            loaded.matrix().addToDiagonal(ridge);
            double oneNorm = lapack.oneNorm(loaded.matrix());
            int failingMinor = lapack.factorise(loaded.matrix());
            if (failingMinor == 0) {
                return new CholeskyFactor(lapack, loaded, oneNorm, ridge);
            }
            throw notPositiveDefinite(loaded, ridge, failingMinor);
        } catch (RuntimeException | Error failure) {
            loaded.close();
            throw failure;
        }
    }

    private NotPositiveDefiniteException notPositiveDefinite(LoadedKernel loaded, double ridge, int failingMinor) {
        loaded.load();
        String cause = loaded.dependence(failingMinor - 1);
        RidgeSearch.Result help = new RidgeSearch(lapack, loaded).above(ridge);
        return new NotPositiveDefiniteException(ridge, failingMinor, cause, help);
    }

    private static List<String> warnings(double condition, Precision stored) {
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

package cntk.cli;

import cntk.backend.cuda.CudaDriver;
import cntk.dataset.InputException;
import cntk.dataset.Labels;
import cntk.plan.Precision;
import cntk.solve.CrossKernel;
import cntk.solve.Eigensolver;
import cntk.solve.KernelSource;
import cntk.solve.NativeMatrix;
import cntk.solve.OpenBlas;
import cntk.solve.SolverChoice;
import cntk.solve.SpectrumCache;
import cntk.solve.Targets;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * Kernels with what is known of their images, checked against each other. Whoever opens it closes it.
 *
 * @param place where the training kernel is, for messages
 * @param precision of the stored entries
 * @param labels of the training images; {@link Labels#NONE} for a regression
 * @param testLabels {@link Labels#NONE} where they are not known
 * @param regression values [image][output]; empty for a classification
 * @param testRegression the same for the test images; empty where they are not known
 * @param run empty for .npy files
 * @param cache folder for the eigendecomposition; empty for none
 * @param solver where it is made
 */
record KernelData(
        String place,
        Precision precision,
        KernelSource kernel,
        Optional<CrossKernel> cross,
        Labels labels,
        Labels testLabels,
        Optional<double[][]> regression,
        Optional<double[][]> testRegression,
        Optional<StoredRun> run,
        Optional<Path> cache,
        SolverChoice solver,
        Runnable closing)
        implements AutoCloseable {
    /** Smaller matrices stay on one thread; see {@code KernelRidge}. */
    private static final int SMALLEST_FOR_THREADS = 4096;

    /** Training images. */
    int size() {
        return kernel.size();
    }

    /** The cross kernel, which a command cannot do without. */
    CrossKernel requiredCross() {
        return cross.orElseThrow(() -> new InputException(
                "no test images are given\nhint: --cross-kernel C.npy has the kernel of test with training images"));
    }

    /** Y, n x outputs: one-hot minus 1/classes, or the values of the regression; the caller closes it. */
    NativeMatrix targets() {
        if (regression.isPresent()) {
            return Targets.of(regression.get());
        }
        if (!labels.known()) {
            throw new InputException("no labels are given\nhint: --labels y.npy, or --targets Y.npy for a regression");
        }
        return Targets.oneHotCentred(labels);
    }

    /** The same for the test images [image][output]; empty where nothing is known of them. */
    Optional<double[][]> testTargets() {
        if (testRegression.isPresent() || !testLabels.known()) {
            return testRegression;
        }
        double[][] targets = new double[testLabels.count()][testLabels.classes()];
        for (int image = 0; image < targets.length; image++) {
            for (int c = 0; c < testLabels.classes(); c++) {
                targets[image][c] = (testLabels.of(image) == c ? 1.0 : 0.0) - 1.0 / testLabels.classes();
            }
        }
        return Optional.of(targets);
    }

    /** The library with as many threads as a matrix of this size is worth. */
    OpenBlas blas(int threads) {
        OpenBlas library = OpenBlas.load();
        library.setThreads(size() < SMALLEST_FOR_THREADS ? 1 : threads);
        return library;
    }

    /**
     * The eigendecomposition, from the cache where it is right; says on {@code err} what made it.
     *
     * @throws cntk.backend.BackendUnavailableException if a GPU is asked for and cannot make it
     */
    SpectrumCache.Outcome spectrum(OpenBlas library, PrintWriter err) {
        CudaDriver driver = CudaDriver.find();
        Eigensolver maker = new Eigensolver(
                library,
                Eigensolver.place(solver, driver.devices(), driver.absence().orElse("no GPU"), size()));
        SpectrumCache.Outcome outcome =
                cache.isPresent() ? new SpectrumCache(cache.get()).spectrum(maker, kernel) : unkept(maker);
        if (!outcome.note().isEmpty()) {
            err.println("cntk: " + outcome.note());
        }
        err.printf(
                Locale.ROOT,
                "cntk: eigendecomposition %s in %.1f s%n",
                outcome.found() ? "read" : "made by " + outcome.solver() + (cache.isPresent() ? " and kept" : ""),
                outcome.seconds());
        err.flush();
        return outcome;
    }

    private SpectrumCache.Outcome unkept(Eigensolver maker) {
        long start = System.nanoTime();
        Eigensolver.Made made = maker.decompose(kernel);
        return new SpectrumCache.Outcome(
                made.spectrum(), false, made.solver(), (System.nanoTime() - start) / 1e9, made.note());
    }

    @Override
    public void close() {
        closing.run();
    }
}

package cntk.cli;

import cntk.dataset.InputException;
import cntk.dataset.NpyMatrix;
import cntk.plan.KernelKind;
import cntk.solve.CrossKernel;
import cntk.solve.KernelSource;
import cntk.solve.NpyKernel;
import cntk.solve.SolverChoice;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The NNGP kernel of the same images, for the ensemble over initialisations. */
final class EnsembleInput {
    @Option(
            names = "--nngp-run",
            paramLabel = "DIR",
            description = "Run of the same images and network with --kind nngp.")
    private @Nullable Path run;

    @Option(names = "--nngp-kernel", paramLabel = "K.npy", description = "Instead: NNGP kernel, [n,n].")
    private @Nullable Path kernel;

    @Option(names = "--nngp-cross", paramLabel = "C.npy", description = "NNGP, test with training images, [m,n].")
    private @Nullable Path cross;

    @Option(
            names = "--nngp-test",
            paramLabel = "T.npy",
            description = "NNGP of the test images: diagonal [m], or [m,m] for covariances.")
    private @Nullable Path test;

    /**
     * The prior, checked against the tangent kernel.
     *
     * @param test [m][m]; empty where only the diagonal is known
     */
    record Prior(KernelSource kernel, CrossKernel cross, double[] diagonal, Optional<double[][]> test, Runnable closing)
            implements AutoCloseable {
        @Override
        public void close() {
            closing.run();
        }
    }

    boolean wanted() {
        return run != null || kernel != null || cross != null || test != null;
    }

    Prior open(KernelData tangent, int threads) {
        return run == null ? files(tangent) : run(tangent, run, threads);
    }

    private static Prior run(KernelData tangent, Path directory, int threads) {
        KernelData data = RunInput.open(directory, "", null, SolverChoice.AUTO);
        try {
            StoredRun prior = data.run().orElseThrow();
            if (prior.manifest().kind() != KernelKind.NNGP) {
                throw new InputException(directory + " holds an "
                        + prior.manifest().kind().word() + " kernel, expected nngp\nhint: cntk run --kind nngp");
            }
            tangent.run().ifPresent(other -> {
                if (!other.manifest().trainSha256().equals(prior.manifest().trainSha256())
                        || !other.manifest()
                                .testSha256()
                                .equals(prior.manifest().testSha256())
                        || !other.manifest().network().equals(prior.manifest().network())) {
                    throw new InputException(
                            directory + " has other images or another network than " + tangent.place());
                }
            });
            requireSizes(directory, data.size(), data.requiredCross(), tangent);
            double[] diagonal = TestDiagonal.of(prior, threads);
            return new Prior(data.kernel(), data.requiredCross(), diagonal, Optional.empty(), data::close);
        } catch (RuntimeException | Error failure) {
            data.close();
            throw failure;
        }
    }

    private Prior files(KernelData tangent) {
        if (kernel == null || cross == null || test == null) {
            throw new InputException("the ensemble needs --nngp-kernel, --nngp-cross and --nngp-test, or --nngp-run");
        }
        List<NpyMatrix> opened = new ArrayList<>();
        try {
            NpyMatrix matrix = NpyMatrix.open(kernel);
            opened.add(matrix);
            NpyMatrix crossMatrix = NpyMatrix.open(cross);
            opened.add(crossMatrix);
            KernelSource source = NpyKernel.training(matrix);
            CrossKernel crossKernel = NpyKernel.cross(crossMatrix, source.size());
            requireSizes(kernel, source.size(), crossKernel, tangent);
            Path testFile = test;
            double[][] rows = NpyInput.finite(testFile);
            int m = crossKernel.rows();
            Optional<double[][]> full =
                    rows.length == m && rows[0].length == m && m > 1 ? Optional.of(rows) : Optional.empty();
            double[] diagonal = full.map(EnsembleInput::diagonal).orElseGet(() -> NpyInput.diagonal(testFile, m));
            return new Prior(source, crossKernel, diagonal, full, () -> opened.forEach(NpyMatrix::close));
        } catch (RuntimeException | Error failure) {
            opened.forEach(NpyMatrix::close);
            throw failure;
        }
    }

    private static void requireSizes(Path place, int n, CrossKernel cross, KernelData tangent) {
        if (n != tangent.size() || cross.rows() != tangent.requiredCross().rows()) {
            throw new InputException(place + " is of " + n + " training and " + cross.rows() + " test images, expected "
                    + tangent.size() + " and " + tangent.requiredCross().rows());
        }
    }

    private static double[] diagonal(double[][] matrix) {
        double[] diagonal = new double[matrix.length];
        for (int at = 0; at < diagonal.length; at++) {
            diagonal[at] = matrix[at][at];
        }
        return diagonal;
    }
}

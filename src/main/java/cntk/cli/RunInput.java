package cntk.cli;

import cntk.dataset.InputException;
import cntk.gram.GramStore;
import cntk.solve.CrossKernel;
import cntk.solve.SolverChoice;
import cntk.solve.TiledKernel;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@link KernelData} out of the directory of a finished run. */
final class RunInput {
    private RunInput() {}

    /**
     * @param cache where the eigendecomposition is kept; null for the directory of the run
     * @param solver where it is made
     */
    static KernelData open(Path directory, String movedData, @Nullable Path cache, SolverChoice solver) {
        StoredRun run = StoredRun.open(directory, movedData);
        List<StoredRun.Matrix> matrices = run.matrices();
        try {
            requireFinished(directory, matrices);
            GramStore train = matrices.getFirst().store();
            GramStore cross = matrices.getLast().store();
            return new KernelData(
                    directory.toString(),
                    run.manifest().precision(),
                    new TiledKernel(train.plan(), train::read),
                    Optional.of(new CrossKernel(cross.plan(), cross::read)),
                    run.split().train().labels(),
                    run.split().test().labels(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.of(run),
                    Optional.of(cache == null ? directory : cache),
                    solver,
                    () -> matrices.forEach(StoredRun.Matrix::close));
        } catch (RuntimeException | Error failure) {
            matrices.forEach(StoredRun.Matrix::close);
            throw failure;
        }
    }

    private static void requireFinished(Path directory, List<StoredRun.Matrix> matrices) {
        int tiles = 0;
        int committed = 0;
        for (StoredRun.Matrix matrix : matrices) {
            tiles += matrix.store().plan().tiles().size();
            committed += matrix.committed().size();
            if (!matrix.damaged().isEmpty()) {
                throw new InputException(matrix.damaged().getFirst()
                        + " is damaged\nhint: the command that made the run computes it again");
            }
        }
        if (matrices.size() < 2 || committed < tiles) {
            throw new InputException(directory + " holds " + committed + " of " + tiles
                    + (matrices.size() < 2 ? " tiles and only a part of the matrices" : " tiles")
                    + ": the run is not finished\nhint: the command that made it goes on where it stopped");
        }
    }
}

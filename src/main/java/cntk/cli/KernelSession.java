package cntk.cli;

import cntk.gram.LocalFiles;
import cntk.gram.StoreFiles;
import cntk.plan.Tile;
import cntk.schedule.ScheduleResult;
import cntk.solve.RowProducts;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What is ready to compute the tiles of one task, matrix after matrix. */
public interface KernelSession extends AutoCloseable {
    /** As {@link cntk.backend.KernelBackend#name}. */
    String name();

    /** One line for people: devices, instruction set, lanes, threads. */
    String description();

    /** Why this: one phrase for the log. */
    String reason();

    /**
     * Where a matrix lies.
     *
     * @param out the directory of the run
     * @param directory in it, where the matrix lies if this has no other place for it
     */
    default StoreFiles files(Path out, Path directory) {
        return new LocalFiles(directory);
    }

    /** Those of {@code tiles} that the stores of the matrix miss, in their order; looks at every byte. */
    List<Tile> missing(StoredMatrix matrix, List<Tile> tiles);

    /**
     * Computes these tiles; blocks until all are durable, or until it is stopped.
     *
     * @param tiles at least one, in the order in which they should be begun
     * @throws cntk.schedule.ScheduleException if tiles are left that could not be computed
     * @throws cntk.gram.StoreException if the store failed
     */
    ScheduleResult compute(StoredMatrix matrix, List<Tile> tiles, KernelWatch watch);

    /** Computes products with a whole matrix, where this has others for it; until it is closed. */
    default Optional<RowProducts> products(StoredMatrix.Part matrix) {
        return Optional.empty();
    }

    /** Asks {@link #compute}, now and later, to end soon; may come from any thread. */
    void stop();

    /** May be called again. */
    @Override
    void close();
}

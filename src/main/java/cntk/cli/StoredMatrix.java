package cntk.cli;

import cntk.dataset.ImageSet;
import cntk.gram.GramSpec;
import cntk.gram.StoreFiles;
import cntk.gram.TileSink;
import java.util.List;

/**
 * A kernel matrix K[rows, cols] of every network of a task, and where its tiles go.
 *
 * @param parts the stores behind {@code store}, one for each network; empty where they are in memory
 * @param cols the same object as {@code rows} for a symmetric matrix
 */
public record StoredMatrix(TileSink store, List<Part> parts, ImageSet rows, ImageSet cols) {
    public StoredMatrix {
        parts = List.copyOf(parts);
    }

    /** The matrix of one network. */
    public record Part(StoreFiles files, GramSpec spec) {}
}

package cntk.backend;

import cntk.dataset.ImageSet;
import java.util.List;

/** A backend ready to evaluate one network on this machine; keeps per-image factors between matrices. */
public interface KernelBackend extends AutoCloseable {
    /** {@code cpu} or {@code oracle}; what {@code --json} reports as {@code backend}. */
    String name();

    /** One line for people: instruction set, lanes, threads. */
    String description();

    /**
     * Opens the workers for the matrix K[rows, cols], one per thread or device; {@code rows == cols} (the same object) is
     * the symmetric case.
     */
    List<TileBackend> open(ImageSet rows, ImageSet cols);

    @Override
    void close();
}

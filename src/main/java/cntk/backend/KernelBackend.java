package cntk.backend;

import cntk.dataset.ImageSet;
import java.util.List;
import java.util.function.Consumer;

/** A backend ready to evaluate one network on this machine; keeps per-image factors between matrices. */
public interface KernelBackend extends AutoCloseable {
    /** {@code cpu}, {@code cuda}, {@code cuda+cpu} or {@code oracle}; what {@code --json} reports as {@code backend}. */
    String name();

    /** One line for people: instruction set, lanes, threads. */
    String description();

    /**
     * Opens the workers for the matrix K[rows, cols], one per thread or device; {@code rows == cols} (the same object) is
     * the symmetric case.
     */
    List<TileBackend> open(ImageSet rows, ImageSet cols);

    /** The backends that this one is made of: itself, unless it is a group. */
    default List<KernelBackend> parts() {
        return List.of(this);
    }

    /** Names whoever is told what happens on the way, such as a batch made smaller because memory ran out; from any thread. */
    default void listen(Consumer<String> notices) {}

    /** May be called again. */
    @Override
    void close();
}

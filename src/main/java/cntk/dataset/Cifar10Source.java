package cntk.dataset;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;

/** A place that has the six CIFAR-10 binary files, or what they can be rebuilt from. */
interface Cifar10Source {
    /** For messages. */
    String name();

    /**
     * Puts the six files under their official names into the empty directory {@code scratch}, perhaps beside others. Need
     * not check them.
     *
     * @param progress takes lines for people
     * @throws IOException with one sentence that says why the source has nothing to give
     */
    void fetch(Path scratch, Consumer<String> progress) throws IOException, InterruptedException;
}

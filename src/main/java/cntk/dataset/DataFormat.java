package cntk.dataset;

import java.nio.file.Path;
import java.util.List;

/** A way in which a directory holds a data set; {@link DataSets} lists all that are known. */
interface DataFormat {
    /** For messages, such as {@code CIFAR-10}. */
    String title();

    /** The files it consists of, for messages. */
    String files();

    /** Whether at least one of the files is there: then {@link #read} says which others are missing. */
    boolean recognises(Path directory);

    /**
     * Reads all images.
     *
     * @throws InputException if a file is missing, unreadable, damaged or of the wrong size, or has a label out of range
     */
    RawSplit read(Path directory);

    /** The files that {@link #read} reads, hashed; training first. */
    List<DataInfo.DataFile> describe(Path directory);
}

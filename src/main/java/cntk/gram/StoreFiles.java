package cntk.gram;

import java.io.IOException;

/**
 * Where the files of one stored matrix lie: a directory, or what serves as one elsewhere. Names are relative, with {@code /}
 * between. Files are small, appear whole or not at all, and survive a power cut. Safe for many threads and processes.
 */
public interface StoreFiles {
    /** A file as people would look for it. */
    String place(String name);

    /**
     * Makes the directory where it is absent.
     *
     * @param marker the file whose presence makes the directory one of ours
     * @throws cntk.dataset.InputException if something else is there
     */
    void create(String marker) throws IOException;

    boolean exists(String name) throws IOException;

    /** Throws {@link java.nio.file.NoSuchFileException} if it is absent. */
    byte[] read(String name) throws IOException;

    /**
     * Reads a file of known size, not broken off by interrupts.
     *
     * @param into is filled if that is the size of the file, else left as it is
     * @return the size of the file
     * @throws java.nio.file.NoSuchFileException if it is absent
     */
    long read(String name, byte[] into) throws IOException;

    /**
     * Makes a file appear, in a directory that is made where it is absent. Of two processes that do so at the same time with
     * different files, one wins.
     *
     * @param replace whether a file may be there that is to be replaced
     */
    void write(String name, byte[] bytes, boolean replace) throws IOException;

    /** Deletes what killed processes have left; the caller makes sure that no other process writes there. */
    void deleteUnfinished() throws IOException;
}

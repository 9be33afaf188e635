package cntk.dataset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Writes small files in the CIFAR-10 binary format. */
final class Cifar10Files {
    private Cifar10Files() {}

    /** Records with labels 0, 1, ..., 9, 0, ... and pixels from the seed. */
    static byte[] records(int count, long seed) {
        byte[] bytes = new byte[count * Cifar10.RECORD_BYTES];
        new Random(seed).nextBytes(bytes);
        for (int record = 0; record < count; record++) {
            bytes[record * Cifar10.RECORD_BYTES] = (byte) (record % 10);
        }
        return bytes;
    }

    /** The six files with so many records each, file number f from seed f. */
    static void write(Path directory, int recordsPerFile) throws IOException {
        for (int file = 0; file < Cifar10.files().size(); file++) {
            Files.write(directory.resolve(Cifar10.files().get(file)), records(recordsPerFile, file));
        }
    }
}

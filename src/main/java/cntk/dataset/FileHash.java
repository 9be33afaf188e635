package cntk.dataset;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;

/** Hashes of bytes and files in lower-case hexadecimal. */
final class FileHash {
    private static final int BUFFER_BYTES = 1 << 20;

    private FileHash() {}

    static String md5(Path file) throws IOException {
        MessageDigest digest = Sha256.digest("MD5");
        byte[] buffer = new byte[BUFFER_BYTES];
        try (InputStream stream = Files.newInputStream(file)) {
            for (int read = stream.read(buffer); read >= 0; read = stream.read(buffer)) {
                digest.update(buffer, 0, read);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    static String of(String algorithm, byte[] bytes) {
        return HexFormat.of().formatHex(Sha256.digest(algorithm).digest(bytes));
    }
}

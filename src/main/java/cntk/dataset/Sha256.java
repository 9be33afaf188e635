package cntk.dataset;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 fed piece by piece with text, bytes and little-endian numbers; names the content of image sets. */
final class Sha256 {
    private final MessageDigest digest;

    Sha256() {
        digest = digest("SHA-256");
    }

    Sha256 text(String text) {
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    Sha256 bytes(byte[] bytes, int offset, int length) {
        digest.update(bytes, offset, length);
        return this;
    }

    Sha256 bytes(ByteBuffer bytes) {
        digest.update(bytes);
        return this;
    }

    /** The hash in lower-case hexadecimal; afterwards this object starts anew. */
    String hex() {
        return HexFormat.of().formatHex(digest.digest());
    }

    /** One of the digests that every Java platform has to offer. */
    static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}

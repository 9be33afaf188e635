package cntk.arch;

import cntk.dataset.InputException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * The layers of a network in the order in which an image passes them. Whether they fit an image is asked by
 * {@link Network#of}.
 *
 * @param layers 1 to {@value #MAX_LAYERS} layers, those inside residual layers counted
 */
public record Architecture(List<Layer> layers) {
    /** Most layers of a network. */
    public static final int MAX_LAYERS = 1000;

    public Architecture {
        layers = List.copyOf(layers);
        if (layers.isEmpty()) {
            throw new InputException("the network has no layer\nhint: try 'conv relu gap dense'");
        }
        long count = Layer.all(layers).count();
        if (count > MAX_LAYERS) {
            throw new InputException(
                    "the network has " + count + " layers, but at most " + MAX_LAYERS + " are possible");
        }
    }

    /**
     * The canonical text in the network language: equal layers give equal texts, {@link ArchitectureParser} reads it back
     * to an equal architecture. Arguments at their defaults are left out, numbers are the shortest that read back to the same
     * double, repeated groups are folded as {@code (conv relu)x9}.
     */
    public String text() {
        return CanonicalText.of(layers);
    }

    /** The first 12 hex digits of the SHA-256 of the canonical text: names the network in stores and runs. */
    public String id() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] hash = digest.digest(text().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, 6);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    @Override
    public String toString() {
        return text();
    }
}

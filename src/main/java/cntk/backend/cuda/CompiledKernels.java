package cntk.backend.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Machine code that NVRTC made, kept on disk: a file is named by the hash of all that went into it and ends with the hash
 * of its own bytes, so that a damaged or half-written one is made again. Where the folder cannot be used nothing is kept.
 */
final class CompiledKernels {
    private static final int HASH_BYTES = 32;

    private final Path folder;

    CompiledKernels(Path folder) {
        this.folder = folder;
    }

    /** The user's cache folder. */
    static CompiledKernels ofUser() {
        String xdg = System.getenv("XDG_CACHE_HOME");
        Path cache = xdg != null && Path.of(xdg).isAbsolute()
                ? Path.of(xdg)
                : Path.of(System.getProperty("user.home"), ".cache");
        return new CompiledKernels(cache.resolve("cntk").resolve("kernels"));
    }

    /** The code of this source, from the disk or made by {@code compiler}. */
    byte[] get(KernelResources.Source source, int capability, String compilerVersion, Supplier<byte[]> compiler) {
        Path file = folder.resolve(
                source.name() + "-sm_" + capability + "-" + key(source, capability, compilerVersion) + ".cubin");
        Optional<byte[]> kept = read(file);
        if (kept.isPresent()) {
            return kept.get();
        }
        byte[] code = compiler.get();
        write(file, code);
        return code;
    }

    private static Optional<byte[]> read(Path file) {
        try {
            byte[] whole = Files.readAllBytes(file);
            int end = whole.length - HASH_BYTES;
            if (end > 0) {
                byte[] code = Arrays.copyOf(whole, end);
                if (MessageDigest.isEqual(sha256().digest(code), Arrays.copyOfRange(whole, end, whole.length))) {
                    return Optional.of(code);
                }
            }
            return Optional.empty();
        } catch (IOException notThere) {
            return Optional.empty();
        }
    }

    private void write(Path file, byte[] code) {
        try {
            Files.createDirectories(folder);
            Path partial = Files.createTempFile(folder, "kernel", ".tmp");
            try {
                byte[] whole = Arrays.copyOf(code, code.length + HASH_BYTES);
                System.arraycopy(sha256().digest(code), 0, whole, code.length, HASH_BYTES);
                Files.write(partial, whole);
                Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(partial);
            }
        } catch (IOException unusable) {
            // a cache that cannot be written costs the next start some seconds, nothing else
            return;
        }
    }

    private static String key(KernelResources.Source source, int capability, String compilerVersion) {
        MessageDigest hash = sha256();
        hash.update(("nvrtc " + compilerVersion + " " + Nvrtc.options(capability)).getBytes(StandardCharsets.UTF_8));
        hash.update(("\0" + source.text()).getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(hash.digest(), 0, 16);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) { // every Java platform has it
            throw new IllegalStateException(impossible);
        }
    }
}

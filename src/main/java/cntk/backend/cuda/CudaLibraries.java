package cntk.backend.cuda;

import cntk.backend.BackendUnavailableException;
import cntk.backend.PackedLibraries;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A part of the CUDA toolkit 12 that the engine calls through JCuda: installed on this machine, or else in the jar {@code
 * org.bytedeco:cuda} (Maven profile {@code cuda-redist}), unpacked and loaded before JCuda asks for it. The linker takes a library
 * whose soname is loaded already for found, so that neither JCuda nor NVIDIA's libraries look any further. The driver, {@code
 * libcuda.so.1}, belongs to the machine and is never packed.
 */
public final class CudaLibraries {
    private static final String FOLDER = "org/bytedeco/cuda/linux-x86_64";

    /** What JCusolver opens, and before it in load order what that needs. */
    public static final CudaLibraries CUSOLVER = new CudaLibraries(
            CudaLibraries.class.getClassLoader(),
            FOLDER,
            List.of("libcusolver.so.11", "libcusolverMg.so.11"),
            List.of(
                    "libnvJitLink.so.12",
                    "libcublasLt.so.12",
                    "libcublas.so.12",
                    "libcusparse.so.12",
                    "libcusolver.so.11",
                    "libcusolverMg.so.11"));

    /** What JNvrtc opens; it opens the first of the two itself, by name, when it compiles. */
    static final CudaLibraries NVRTC = new CudaLibraries(
            CudaLibraries.class.getClassLoader(),
            FOLDER,
            List.of("libnvrtc.so.12"),
            List.of("libnvrtc-builtins.so.12.6", "libnvrtc.so.12"));

    private final ClassLoader loader;
    private final String folder;
    private final List<String> wanted;
    private final List<String> loadOrder;
    private boolean loaded;

    /**
     * @param wanted libraries that have to be there in the end
     * @param loadOrder of those in the jar: these and what they need
     */
    CudaLibraries(ClassLoader loader, String folder, List<String> wanted, List<String> loadOrder) {
        this.loader = loader;
        this.folder = folder;
        this.wanted = wanted;
        this.loadOrder = loadOrder;
    }

    /** The first library that is neither installed nor packed, if any; loads nothing from the jar. */
    public Optional<String> missing() {
        List<String> absent = notInstalled();
        if (absent.isEmpty()) {
            return Optional.empty();
        }
        List<String> inJar = packed().fileNames();
        return absent.stream().filter(name -> !inJar.contains(name)).findFirst();
    }

    /**
     * Makes the libraries ready for JCuda; cheap where they are installed. Packed ones stay in the user's cache folder and are checked
     * at each start.
     *
     * @throws BackendUnavailableException if they are missing or cannot be unpacked and loaded
     */
    public synchronized void load() {
        if (loaded || notInstalled().isEmpty()) {
            return;
        }
        missing().ifPresent(name -> {
            throw new BackendUnavailableException(name + " not found\n" + hint());
        });
        List<String> failures = new ArrayList<>();
        for (Path cache : PackedLibraries.cacheFolders()) {
            Optional<String> failure = loadFrom(cache);
            if (failure.isEmpty()) {
                loaded = true;
                return;
            }
            failures.add(failure.get()); // read-only home, noexec, full disk
        }
        throw new BackendUnavailableException(
                "the CUDA libraries of the jar cannot be unpacked and loaded: " + String.join("; ", failures));
    }

    /** What to do where they are missing. */
    public static String hint() {
        return "hint: install the CUDA toolkit 12, or build with mvn -Pcuda-redist package";
    }

    /** Loads the packed libraries by way of a cache folder; returns what went wrong. */
    @SuppressWarnings("restricted") // opening libraries is the purpose
    Optional<String> loadFrom(Path cache) {
        try {
            for (Path file : packed().unpackUnder(cache)) {
                SymbolLookup.libraryLookup(file, Arena.global());
            }
            return Optional.empty();
        } catch (IOException | IllegalArgumentException unusable) {
            return Optional.of(cache + ": " + unusable.getMessage());
        }
    }

    @SuppressWarnings("restricted") // opening a library is the question
    private List<String> notInstalled() {
        List<String> absent = new ArrayList<>();
        for (String name : wanted) {
            try {
                SymbolLookup.libraryLookup(name, Arena.global());
            } catch (IllegalArgumentException refused) {
                absent.add(name);
            }
        }
        return absent;
    }

    private PackedLibraries packed() {
        try {
            return PackedLibraries.find(loader, folder, loadOrder);
        } catch (IOException damaged) {
            throw new UncheckedIOException("the jar with the CUDA libraries cannot be read", damaged);
        }
    }
}

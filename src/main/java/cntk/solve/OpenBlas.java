package cntk.solve;

import cntk.backend.PackedLibraries;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The OpenBLAS library of this process: found in the jar {@code org.bytedeco:openblas} of this platform (or at the path
 * in the environment variable {@value #PATH_VARIABLE}), unpacked and loaded on first use.
 *
 * <p>Loaded once and for good: the library keeps threads of its own, whose number is one setting for the whole process.
 * Integers are 32-bit (LP64), addresses inside the library 64-bit.
 */
public final class OpenBlas {
    /** Environment variable with the path of a shared library to use instead: any LP64 OpenBLAS. */
    public static final String PATH_VARIABLE = "CNTK_OPENBLAS";

    /**
     * In load order. The jar's libopenblas finds its neighbours by its RUNPATH, but libgfortran has none; a library whose
     * soname is already loaded is not searched for, so the dependencies go first. What the jar lacks (libquadmath on
     * arm64) is the system's affair.
     */
    private static final List<String> LINUX_LIBRARIES =
            List.of("libgcc_s.so.1", "libquadmath.so.0", "libgfortran.so.5", "libopenblas.so.0");

    private static @Nullable OpenBlas loaded;

    private final SymbolLookup symbols;
    private final String origin;
    private final MethodHandle setThreads;
    private final MethodHandle getThreads;
    private final MethodHandle getConfig;

    private OpenBlas(SymbolLookup symbols, String origin) {
        this.symbols = symbols;
        this.origin = origin;
        this.setThreads = bind("openblas_set_num_threads", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
        this.getThreads = bind("openblas_get_num_threads", FunctionDescriptor.of(ValueLayout.JAVA_INT));
        this.getConfig = bind("openblas_get_config", FunctionDescriptor.of(ValueLayout.ADDRESS));
    }

    /**
     * The library, loaded by the first call.
     *
     * @throws NativeLibraryException when there is none for this platform or it cannot be loaded
     */
    public static synchronized OpenBlas load() {
        OpenBlas library = loaded;
        if (library == null) {
            String override = System.getenv(PATH_VARIABLE);
            library = override == null ? fromJar(platform()) : fromFiles(List.of(Path.of(override)));
            loaded = library;
        }
        return library;
    }

    /** Sets the threads of all later BLAS and LAPACK calls of this process; at least 1. */
    public void setThreads(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("BLAS threads: " + threads);
        }
        try {
            setThreads.invokeExact(threads);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    /** Threads that calls use now; less than what was set where the library was built for fewer. */
    public int threads() {
        try {
            return (int) getThreads.invokeExact();
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    /** What the library says of itself: version, options, the processor kernels it chose, most threads. */
    @SuppressWarnings("restricted") // native access is what this class is for
    public String config() {
        try {
            MemorySegment text = (MemorySegment) getConfig.invokeExact();
            return text.reinterpret(Long.MAX_VALUE).getString(0).strip();
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    /** Path that the library was loaded from. */
    public String origin() {
        return origin;
    }

    /** A handle on an exported function. */
    @SuppressWarnings("restricted") // native access is what this class is for
    MethodHandle bind(String symbol, FunctionDescriptor signature) {
        MemorySegment address = symbols.find(symbol)
                .orElseThrow(() -> new NativeLibraryException(
                        "%s has no function %s\nhint: it must be an LP64 OpenBLAS with LAPACK"
                                .formatted(origin, symbol)));
        return Linker.nativeLinker().downcallHandle(address, signature);
    }

    /** A Fortran subroutine of {@code arguments} addresses and, behind them, the lengths of {@code strings} characters. */
    static FunctionDescriptor routine(int arguments, int strings) {
        MemoryLayout[] layouts = new MemoryLayout[arguments + strings];
        Arrays.fill(layouts, 0, arguments, ValueLayout.ADDRESS);
        Arrays.fill(layouts, arguments, layouts.length, ValueLayout.JAVA_LONG);
        return FunctionDescriptor.ofVoid(layouts);
    }

    /** Method handles declare Throwable; native calls throw nothing but errors of the Java side. */
    static RuntimeException unexpected(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return failure instanceof RuntimeException runtime ? runtime : new IllegalStateException(failure);
    }

    /** Name of this platform in the jar, such as {@code linux-x86_64}. */
    static String platform() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        String family = os.startsWith("mac") ? "macosx" : os.startsWith("win") ? "windows" : os;
        return family + "-"
                + switch (arch) {
                    case "amd64", "x86_64" -> "x86_64";
                    case "aarch64", "arm64" -> "arm64";
                    default -> arch;
                };
    }

    static OpenBlas fromJar(String platform) {
        String folder = "org/bytedeco/openblas/" + platform;
        List<String> failures = new ArrayList<>();
        try {
            PackedLibraries packed = PackedLibraries.find(OpenBlas.class.getClassLoader(), folder, LINUX_LIBRARIES);
            if (!packed.fileNames().contains(LINUX_LIBRARIES.getLast())) {
                throw new NativeLibraryException(("no OpenBLAS for %s on the class path (looked for %s/%s)\n"
                                + "hint: set %s to the path of an OpenBLAS shared library of this machine")
                        .formatted(platform, folder, LINUX_LIBRARIES.getLast(), PATH_VARIABLE));
            }
            for (Path cache : PackedLibraries.cacheFolders()) {
                try {
                    return fromFiles(packed.unpackUnder(cache));
                } catch (IOException | NativeLibraryException unusable) {
                    failures.add(cache + ": " + unusable.getMessage()); // read-only home, noexec, full disk
                }
            }
        } catch (IOException unreadable) {
            failures.add(unreadable.toString());
        }
        throw new NativeLibraryException("OpenBLAS cannot be unpacked and loaded: " + String.join("; ", failures));
    }

    @SuppressWarnings("restricted") // native access is what this class is for
    private static OpenBlas fromFiles(List<Path> inLoadOrder) {
        SymbolLookup last = SymbolLookup.loaderLookup();
        for (Path file : inLoadOrder) {
            try {
                last = SymbolLookup.libraryLookup(file, Arena.global());
            } catch (IllegalArgumentException refused) {
                throw new NativeLibraryException("cannot load " + file + ": " + refused.getMessage(), refused);
            }
        }
        return new OpenBlas(last, inLoadOrder.getLast().toString());
    }
}

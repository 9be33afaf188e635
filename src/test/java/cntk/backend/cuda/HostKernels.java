package cntk.backend.cuda;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The kernels of {@code kernels-cuda/}, compiled for this machine by g++ with the shim of {@code src/test/native/kernel-check}:
 * the very sources that nvcc compiles, run by fibers. Device memory is host memory.
 */
final class HostKernels {
    private static final Path SOURCES = Path.of("kernels-cuda");
    private static final Path SHIM = Path.of("src/test/native/kernel-check");
    private static final Path FOLDER = Path.of("target/kernel-check");

    /** In which order the threads of a block run; results must not depend on it. */
    enum Order {
        ASCENDING(0),
        DESCENDING(1),
        RANDOM(2);

        private final int code;

        Order(int code) {
            this.code = code;
        }
    }

    private final MethodHandle launch;

    private HostKernels(MethodHandle launch) {
        this.launch = launch;
    }

    static boolean canCompile() {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, "g++")));
    }

    /** Compiles all kernels, once per JVM. */
    static HostKernels compiled() {
        return Holder.KERNELS;
    }

    private static final class Holder {
        private static final HostKernels KERNELS = compile();
    }

    private static HostKernels compile() {
        try (Stream<Path> files = Files.list(SOURCES)) {
            Files.createDirectories(FOLDER);
            List<String> objects = new ArrayList<>();
            for (Path source : files.sorted().toList()) {
                String name = source.getFileName().toString();
                if (name.endsWith(".cu")) {
                    String object = FOLDER.resolve(name + ".o").toString();
                    compiler("-Wno-unknown-pragmas", "-x", "c++", "-c", source.toString(), "-o", object);
                    objects.add(object);
                }
            }
            Path library = FOLDER.resolve("libkernels.so");
            objects.addAll(List.of("-shared", "-o", library.toString(), "-lpthread"));
            objects.addFirst(SHIM.resolve("launch.cpp").toString());
            compiler(objects.toArray(String[]::new));
            SymbolLookup symbols = SymbolLookup.libraryLookup(library.toAbsolutePath(), Arena.global());
            return new HostKernels(Linker.nativeLinker()
                    .downcallHandle(
                            symbols.findOrThrow("check_launch"),
                            FunctionDescriptor.of(
                                    ValueLayout.ADDRESS,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.JAVA_INT)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void compiler(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "g++",
                "-std=c++17",
                "-O2",
                "-march=x86-64-v3",
                "-mtls-dialect=gnu2",
                "-fPIC",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-I" + SHIM));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IllegalStateException(String.join(" ", command) + "\n" + output);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Runs a kernel to its end.
     *
     * @param parameters a {@link MemorySegment} for a pointer, a byte[] for a struct, Integer, Long or Double
     */
    void launch(String kernel, int[] grid, int[] block, long sharedBytes, Order order, Object... parameters) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pointers = arena.allocate(ValueLayout.ADDRESS, parameters.length);
            for (int at = 0; at < parameters.length; at++) {
                pointers.setAtIndex(ValueLayout.ADDRESS, at, value(parameters[at], arena));
            }
            MemorySegment error = (MemorySegment) launch.invokeExact(
                    arena.allocateFrom(kernel),
                    arena.allocateFrom(ValueLayout.JAVA_INT, grid),
                    arena.allocateFrom(ValueLayout.JAVA_INT, block),
                    sharedBytes,
                    pointers,
                    order.code);
            if (error.address() != 0) {
                throw new IllegalStateException(
                        kernel + ": " + error.reinterpret(1000).getString(0));
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static MemorySegment value(Object parameter, Arena arena) {
        return switch (parameter) {
            case MemorySegment pointer -> arena.allocateFrom(ValueLayout.ADDRESS, pointer);
            case byte[] struct -> arena.allocateFrom(ValueLayout.JAVA_BYTE, struct);
            case Integer number -> arena.allocateFrom(ValueLayout.JAVA_INT, number);
            case Long number -> arena.allocateFrom(ValueLayout.JAVA_LONG, number);
            case Double number -> arena.allocateFrom(ValueLayout.JAVA_DOUBLE, number);
            default -> throw new IllegalArgumentException("a parameter of " + parameter.getClass());
        };
    }
}

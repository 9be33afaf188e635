package cntk.support;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;

/** The test's side of the virtual GPUs: faults to come, calls counted, bytes left. */
public final class VirtualGpu {
    /** Devices that the build's environment sets up. */
    public static final int DEVICES = 4;

    /** In place of a device: pinned host memory, or all devices together. */
    public static final int HOST = -1;

    private static final int MESSAGE_BYTES = 400;

    private VirtualGpu() {}

    /** Where the build leaves the driver; may be missing. */
    public static Path library() {
        String folder = System.getenv("LD_LIBRARY_PATH");
        return Path.of(folder == null ? "." : folder, "libcuda.so.1");
    }

    /** Orders faults, such as {@code launch@1:k=3,error=launch_failed}; the README of the virtual GPU has the words. */
    public static void fault(String specification) {
        try (Arena arena = Arena.ofConfined()) {
            int code = (int) handle("vgpu_add_faults", FunctionDescriptor.of(JAVA_INT, ADDRESS))
                    .invokeExact(arena.allocateFrom(specification));
            if (code != 0) {
                throw new IllegalArgumentException(specification);
            }
        } catch (Throwable failure) {
            throw new IllegalStateException(failure);
        }
    }

    public static void clearFaults() {
        try {
            handle("vgpu_clear_faults", FunctionDescriptor.ofVoid()).invokeExact();
        } catch (Throwable failure) {
            throw new IllegalStateException(failure);
        }
    }

    /** What a device has from now on; {@link #usual} gives back what the environment says. */
    public static void memory(int device, long bytes) {
        try {
            handle("vgpu_set_memory", FunctionDescriptor.ofVoid(JAVA_INT, JAVA_LONG))
                    .invokeExact(device, bytes);
        } catch (Throwable failure) {
            throw new IllegalStateException(failure);
        }
    }

    /** Order of blocks, warps and lanes: forward, reverse or random. */
    public static void schedule(String order) {
        try (Arena arena = Arena.ofConfined()) {
            int code = (int) handle("vgpu_set_schedule", FunctionDescriptor.of(JAVA_INT, ADDRESS))
                    .invokeExact(arena.allocateFrom(order));
            if (code != 0) {
                throw new IllegalArgumentException(order);
            }
        } catch (Throwable failure) {
            throw new IllegalStateException(failure);
        }
    }

    /** Forgets what a test has changed: faults, memory, order. */
    static void usual() {
        clearFaults();
        for (int device = 0; device < DEVICES; device++) {
            memory(device, 0);
        }
        schedule("");
    }

    /** Bytes of live allocations of a device, or of pinned memory for {@link #HOST}. */
    public static long liveBytes(int device) {
        try {
            return (long) handle("vgpu_live_bytes", FunctionDescriptor.of(JAVA_LONG, JAVA_INT))
                    .invokeExact(device);
        } catch (Throwable failure) {
            throw new IllegalStateException(failure);
        }
    }

    /** Calls of a kind on a device so far, or on all for {@link #HOST}. */
    public static long calls(String kind, int device) {
        try (Arena arena = Arena.ofConfined()) {
            return (long) handle("vgpu_calls", FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_INT))
                    .invokeExact(arena.allocateFrom(kind), device);
        } catch (Throwable failure) {
            throw new IllegalStateException(failure);
        }
    }

    /** What the virtual driver said last: it knows more than an error code. */
    public static String lastMessage() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(MESSAGE_BYTES);
            handle("vgpu_last_message", FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG))
                    .invokeExact(text, (long) MESSAGE_BYTES);
            return text.getString(0);
        } catch (Throwable failure) {
            throw new IllegalStateException(failure);
        }
    }

    private static java.lang.invoke.MethodHandle handle(String name, FunctionDescriptor signature) {
        MemorySegment symbol = SymbolLookup.libraryLookup(library(), Arena.global())
                .find(name)
                .orElseThrow(() -> new IllegalStateException("no " + name + " in " + library()));
        return Linker.nativeLinker().downcallHandle(symbol, signature);
    }
}

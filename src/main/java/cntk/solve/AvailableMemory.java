package cntk.solve;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Memory that a new allocation can really have. Linux promises more than it has and kills the process when the pages are
 * touched, so a matrix is compared with this number before it is allocated.
 */
public final class AvailableMemory {
    private static final Path MEMINFO = Path.of("/proc/meminfo");
    private static final Path CGROUP_LIMIT = Path.of("/sys/fs/cgroup/memory.max");
    private static final Path CGROUP_CURRENT = Path.of("/sys/fs/cgroup/memory.current");
    private static final Path CGROUP_STAT = Path.of("/sys/fs/cgroup/memory.stat");

    private AvailableMemory() {}

    /** Throws {@link MemoryShortageException} when {@code bytes} are more than {@link #bytes()}. */
    public static void require(long bytes, String purpose) {
        long available = bytes();
        if (bytes > available) {
            throw new MemoryShortageException(bytes, available, purpose, null);
        }
    }

    /** Bytes that this process can still allocate: the least of what machine and container offer. */
    static long bytes() {
        long machine = machineBytes();
        return Math.min(machine, containerBytes());
    }

    private static long machineBytes() {
        List<String> lines = lines(MEMINFO);
        long available = kilobytes(lines, "MemAvailable:");
        if (available < 0) {
            return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
                    ? system.getTotalMemorySize() // no /proc: better a loose bound than none
                    : Long.MAX_VALUE;
        }
        return (available + Math.max(0, kilobytes(lines, "SwapFree:"))) * 1024;
    }

    /** What a cgroup v2 limit leaves: limit - used + page cache that would be given up. */
    private static long containerBytes() {
        long limit = number(lines(CGROUP_LIMIT));
        long current = number(lines(CGROUP_CURRENT));
        if (limit < 0 || current < 0) {
            return Long.MAX_VALUE; // "max", or no cgroup v2
        }
        long pageCache = 0;
        for (String line : lines(CGROUP_STAT)) {
            if (line.startsWith("inactive_file ") || line.startsWith("active_file ")) {
                pageCache += number(List.of(line.substring(line.indexOf(' ') + 1)));
            }
        }
        return Math.max(0, limit - current + pageCache);
    }

    private static List<String> lines(Path file) {
        try {
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException unreadable) {
            return List.of();
        }
    }

    private static long kilobytes(List<String> lines, String key) {
        for (String line : lines) {
            if (line.startsWith(key)) {
                return number(List.of(line.substring(key.length()).replace("kB", "")));
            }
        }
        return -1;
    }

    /** The first line as a number, or -1 where it is none. */
    private static long number(List<String> lines) {
        if (lines.isEmpty()) {
            return -1;
        }
        String text = lines.getFirst().strip();
        return text.matches("\\d{1,18}") ? Long.parseLong(text) : -1;
    }
}

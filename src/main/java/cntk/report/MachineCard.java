package cntk.report;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The machine a number was measured on.
 *
 * @param cpu model name; {@code unknown} where the system does not tell
 * @param vectorFlags instruction sets that matter here (sse4_2, avx2, avx512f, ...), sorted; empty where unknown
 * @param processors that this process may use
 * @param memoryBytes of the machine or the container
 * @param java name and version of the virtual machine
 */
public record MachineCard(
        String os, String arch, String cpu, List<String> vectorFlags, int processors, long memoryBytes, String java) {
    private static final Set<String> VECTOR_FLAGS =
            Set.of("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512bw", "avx512vl", "asimd", "sve", "sve2");

    /** Reads the facts of this machine; never fails. */
    public static MachineCard read() {
        List<String> cpuinfo = lines(Path.of("/proc/cpuinfo"));
        long memory = ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
                ? system.getTotalMemorySize()
                : 0;
        return new MachineCard(
                System.getProperty("os.name") + " " + System.getProperty("os.version"),
                System.getProperty("os.arch"),
                cpuModel(cpuinfo),
                vectorFlags(cpuinfo),
                Runtime.getRuntime().availableProcessors(),
                memory,
                System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
    }

    static String cpuModel(List<String> cpuinfo) {
        String model = value(cpuinfo, "model name");
        return model.isEmpty() ? "unknown" : model;
    }

    static List<String> vectorFlags(List<String> cpuinfo) {
        Set<String> flags = new TreeSet<>(List.of(value(cpuinfo, "flags").split(" ")));
        flags.addAll(List.of(value(cpuinfo, "Features").split(" "))); // the word on ARM
        flags.retainAll(VECTOR_FLAGS);
        return List.copyOf(flags);
    }

    /** The text behind the first {@code key : }, or nothing. */
    private static String value(List<String> cpuinfo, String key) {
        for (String line : cpuinfo) {
            int colon = line.indexOf(':');
            if (colon > 0 && line.substring(0, colon).strip().equals(key)) {
                return line.substring(colon + 1).strip();
            }
        }
        return "";
    }

    private static List<String> lines(Path file) {
        try {
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException unreadable) {
            return List.of();
        }
    }
}

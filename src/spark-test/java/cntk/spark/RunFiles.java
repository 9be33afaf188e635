package cntk.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Runs of {@code ./cntk} on this machine, and what a run leaves. */
final class RunFiles {
    private RunFiles() {}

    /** Runs {@code ./cntk}; fails with its words if it fails. */
    static void run(Path folder, Map<String, String> environment, List<String> words) throws Exception {
        Path log = Files.createTempFile(folder, "local", ".log");
        List<String> command =
                new ArrayList<>(List.of(Path.of("cntk").toAbsolutePath().toString()));
        command.addAll(words);
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("CUDA_VISIBLE_DEVICES", "-1");
        builder.environment().putAll(environment);
        int code = builder.start().waitFor();
        if (code != 0) {
            throw new IllegalStateException("exit code " + code + " of " + words + ":\n" + Files.readString(log));
        }
    }

    /** Content of the files that are the same in every run: tiles and predictions. */
    static Map<String, String> bits(Path directory) throws IOException {
        Map<String, String> bits = new TreeMap<>();
        if (!Files.exists(directory)) {
            return bits;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = directory.relativize(file).toString();
                boolean finished = !file.getFileName().toString().startsWith(".");
                if ((name.contains("/c/") && finished) || name.endsWith("predictions.csv")) {
                    bits.put(name, HexFormat.of().formatHex(Files.readAllBytes(file)));
                }
            }
        } catch (UncheckedIOException renamedMeanwhile) {
            return Map.of();
        }
        return bits;
    }
}

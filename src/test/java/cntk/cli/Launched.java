package cntk.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A process of the real launcher, started in a working directory that is not the project's. */
final class Launched implements AutoCloseable {
    private static final Path LAUNCHER = Path.of("cntk").toAbsolutePath();
    private static final long MOST_SECONDS = 300;

    /** How it ended. */
    record Result(int code, String out, String err) {}

    private final Process process;
    private final Path out;
    private final Path err;

    private Launched(Process process, Path out, Path err) {
        this.process = process;
        this.out = out;
        this.err = err;
    }

    static Launched start(Path workingDirectory, String... words) {
        return start(workingDirectory, Map.of(), words);
    }

    /** With more environment variables. */
    static Launched start(Path workingDirectory, Map<String, String> environment, String... words) {
        List<String> command = new ArrayList<>(List.of(LAUNCHER.toString()));
        command.addAll(List.of(words));
        try {
            Path out = Files.createTempFile("cntk", ".out");
            Path err = Files.createTempFile("cntk", ".err");
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(workingDirectory.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
            builder.environment().putAll(environment);
            return new Launched(builder.start(), out, err);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts and waits for the end. */
    static Result run(Path workingDirectory, String... words) {
        try (Launched launched = start(workingDirectory, words)) {
            return launched.await();
        }
    }

    /** As {@link #run(Path, String...)} with more environment variables. */
    static Result run(Path workingDirectory, Map<String, String> environment, String... words) {
        try (Launched launched = start(workingDirectory, environment, words)) {
            return launched.await();
        }
    }

    /** The launcher's process id, which java takes over. */
    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    void kill() {
        process.destroyForcibly();
    }

    Result await() {
        try {
            if (!process.waitFor(MOST_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("still running after " + MOST_SECONDS + " s: " + text(err));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        return new Result(process.exitValue(), text(out), text(err));
    }

    private static String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            Files.deleteIfExists(out);
            Files.deleteIfExists(err);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

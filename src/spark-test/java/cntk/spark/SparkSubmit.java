package cntk.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.launcher.JavaModuleOptions;

/**
 * {@code spark-submit --class cntk.spark.Submit} as a process: the jar of this project on the classes of a Spark distribution,
 * which has that script too, with a cluster of two executors that are processes of their own.
 */
final class SparkSubmit implements AutoCloseable {
    private static final Path SPARK_HOME = Path.of(System.getProperty("spark.home"));
    private static final Path TARGET = Path.of("target").toAbsolutePath();
    private static final long MOST_SECONDS = 300;

    /** How it ended. */
    record Result(int code, String out, String err) {}

    private final Process process;
    private final Path out;
    private final Path err;

    private SparkSubmit(Process process, Path out, Path err) {
        this.process = process;
        this.out = out;
        this.err = err;
    }

    /**
     * Starts it.
     *
     * @param folder existing, for logs and what the executors leave
     * @param confs further settings such as {@code spark.speculation=true}
     * @param environment more variables, for the executors too
     * @param words behind {@code cntk}
     */
    static SparkSubmit start(Path folder, List<String> confs, Map<String, String> environment, List<String> words) {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(List.of(JavaModuleOptions.defaultModuleOptionArray()));
        command.addAll(List.of(
                "-Xmx1g",
                "-XX:TieredStopAtLevel=1", // a driver computes little
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                SPARK_HOME.resolve("jars") + "/*",
                "org.apache.spark.deploy.SparkSubmit",
                "--master",
                "local-cluster[2,1,2048]",
                "--class",
                Submit.class.getName(),
                "--jars",
                libraries(),
                "--conf",
                "spark.ui.enabled=false",
                "--conf",
                "spark.driver.bindAddress=127.0.0.1",
                "--conf",
                "spark.scheduler.minRegisteredResourcesRatio=1.0", // both executors take part, however slow the start
                "--conf",
                "spark.scheduler.maxRegisteredResourcesWaitingTime=120s"));
        confs.forEach(conf -> command.addAll(List.of("--conf", conf)));
        command.add(TARGET.resolve("cntk.jar").toString());
        command.addAll(words);
        try {
            Path out = Files.createTempFile(folder, "spark", ".out");
            Path err = Files.createTempFile(folder, "spark", ".err");
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
            builder.environment().put("SPARK_HOME", SPARK_HOME.toString());
            builder.environment().put("SPARK_SCALA_VERSION", "2.13");
            builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
            builder.environment().put("SPARK_LOCAL_DIRS", folder.toString());
            builder.environment().put("CUDA_VISIBLE_DEVICES", "-1");
            builder.environment().putAll(environment);
            return new SparkSubmit(builder.start(), out, err);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts and waits for the end. */
    static Result run(Path folder, List<String> confs, List<String> words) {
        return run(folder, confs, Map.of(), words);
    }

    /** As {@link #run(Path, List, List)} with more environment variables. */
    static Result run(Path folder, List<String> confs, Map<String, String> environment, List<String> words) {
        try (SparkSubmit submit = start(folder, confs, environment, words)) {
            return submit.await();
        }
    }

    private static String libraries() {
        try (Stream<Path> files = Files.list(TARGET.resolve("lib"))) {
            return files.map(Path::toString).sorted().collect(Collectors.joining(","));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** The processes of the executors, as long as they run. */
    List<ProcessHandle> executors() {
        return process.descendants()
                .filter(child -> commandLine(child).contains("CoarseGrainedExecutorBackend"))
                .toList();
    }

    private static String commandLine(ProcessHandle child) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(child.pid()), "cmdline"));
        } catch (IOException gone) {
            return "";
        }
    }

    /** Kills the driver as {@code kill -9} does. */
    void kill() {
        process.destroyForcibly();
    }

    /** Waits for the end. */
    Result await() {
        try {
            if (!process.waitFor(MOST_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("still running after " + MOST_SECONDS + " s:\n" + err());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        return new Result(process.exitValue(), text(out), err());
    }

    String err() {
        return text(err);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
    }
}

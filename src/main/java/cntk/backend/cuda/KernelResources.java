package cntk.backend.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The kernels as they travel in the jar: sources always, images where nvcc was there at build time.
 *
 * <pre>
 *   FOLDER/source/NAME.cu, FOLDER/source/common/*.cuh
 *   FOLDER/NAME.fatbin          machine code and PTX
 *   FOLDER/images.properties    architectures=80 86 89 ...   ptx=80   toolkit=13.0
 * </pre>
 */
public final class KernelResources {
    private static final Pattern INCLUDE = Pattern.compile("^\\s*#include\\s+\"([^\"]+)\"");

    /** The engine's own. */
    public static final KernelResources PACKAGED =
            new KernelResources(KernelResources.class.getClassLoader(), "kernels");

    private final ClassLoader loader;
    private final String folder;

    /** @param folder resource folder without a slash at its ends */
    KernelResources(ClassLoader loader, String folder) {
        this.loader = loader;
        this.folder = folder;
    }

    /**
     * What nvcc built.
     *
     * @param architectures compute capabilities with machine code, such as 90
     * @param ptx compute capability of the PTX, 0 if there is none
     * @param toolkit CUDA version of nvcc, 13000 for 13.0: what the driver must know to take the PTX
     */
    public record Built(List<Integer> architectures, int ptx, int toolkit) {
        public Built {
            architectures = List.copyOf(architectures);
        }
    }

    /** Empty where nvcc was missing at build time. */
    public Optional<Built> built() {
        return read(folder + "/images.properties").map(bytes -> {
            Properties properties = new Properties();
            try (InputStream in = new java.io.ByteArrayInputStream(bytes)) {
                properties.load(in);
            } catch (IOException impossible) { // it is in memory
                throw new UncheckedIOException(impossible);
            }
            String[] toolkit = properties.getProperty("toolkit", "0.0").strip().split("\\.", -1);
            return new Built(
                    Arrays.stream(properties
                                    .getProperty("architectures", "")
                                    .strip()
                                    .split("\\s+"))
                            .filter(word -> !word.isEmpty())
                            .map(Integer::valueOf)
                            .collect(Collectors.toList()),
                    Integer.parseInt(properties.getProperty("ptx", "0").strip()),
                    Integer.parseInt(toolkit[0]) * 1000 + Integer.parseInt(toolkit[1]) * 10);
        });
    }

    /** The fatbin of a kernel file, by the file's name without {@code .cu}. */
    Optional<byte[]> image(String name) {
        return read(folder + "/" + name + ".fatbin");
    }

    /**
     * A kernel file as one text: every {@code #include "..."} is replaced by the file, at its first mention, so that a
     * compiler needs no search path.
     */
    record Source(String name, String text) {}

    /** @throws IllegalArgumentException if there is no such kernel file */
    Source source(String name) {
        String file = name + ".cu";
        String text = text(file)
                .orElseThrow(
                        () -> new IllegalArgumentException("no kernel file " + file + " in " + folder + "/source"));
        return new Source(name, flatten(file, text, new HashSet<>()));
    }

    private String flatten(String file, String text, Set<String> seen) {
        StringBuilder flat = new StringBuilder("#line 1 \"" + file + "\"\n");
        int lineNumber = 0;
        for (String line : text.lines().toList()) {
            lineNumber++;
            Matcher include = INCLUDE.matcher(line);
            if (line.strip().equals("#pragma once")) {
                flat.append('\n');
            } else if (include.find()) {
                String header = resolve(file, include.group(1));
                Optional<String> content = text(header);
                if (content.isEmpty()) {
                    flat.append(line).append('\n'); // of the branch that only the other compiler sees
                } else if (seen.add(header)) {
                    flat.append(flatten(header, content.get(), seen));
                    flat.append("#line ").append(lineNumber + 1).append(" \"" + file + "\"\n");
                } else {
                    flat.append('\n');
                }
            } else {
                flat.append(line).append('\n');
            }
        }
        return flat.toString();
    }

    /** As the compiler looks an include up: beside the file that names it. */
    private static String resolve(String includer, String included) {
        int slash = includer.lastIndexOf('/');
        return slash < 0 ? included : includer.substring(0, slash + 1) + included;
    }

    private Optional<String> text(String file) {
        return read(folder + "/source/" + file).map(bytes -> new String(bytes, StandardCharsets.UTF_8));
    }

    private Optional<byte[]> read(String resource) {
        try (InputStream in = loader.getResourceAsStream(resource)) {
            return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
        } catch (IOException damaged) {
            throw new UncheckedIOException("the jar's " + resource + " cannot be read", damaged);
        }
    }
}

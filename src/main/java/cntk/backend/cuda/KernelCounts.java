package cntk.backend.cuda;

import cntk.backend.BackendUnavailableException;
import cntk.backend.cuda.MachineCode.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What a warp of a kernel on registers executes in one layer behind the first: counted in the code that nvcc made, or read from
 * {@code kernels-cuda/counts.tsv}, where the same counts are kept so that a plan needs no nvcc and is the same everywhere.
 *
 * @param architecture such as {@code sm_90}
 * @param machine instructions in the machine code, the mean over column parities
 * @param ptx the same in the PTX
 * @param registers of a thread
 * @param sharedBytes static shared memory of a block
 */
record KernelCounts(
        String kernel,
        String architecture,
        Map<Kind, Double> machine,
        Map<Kind, Double> ptx,
        int registers,
        int sharedBytes) {
    private static final String KEPT = "source/counts.tsv";
    private static final String TOOLKIT = "# toolkit ";
    private static final int FIRST_COUNT = 4;

    /**
     * Counts the code of this build.
     *
     * @param file of the kernel, without {@code .cu}
     * @param entries of a lane
     * @throws BackendUnavailableException if the kernels were not compiled
     */
    static KernelCounts compiled(String file, String kernel, int entries, String architecture) {
        PtxCode ptx = new PtxCode(new String(resource(file + ".ptx"), StandardCharsets.UTF_8));
        MachineCode code = new MachineCode(resource(file + "." + architecture + ".cubin"));
        String[] use = text("report.tsv")
                .lines()
                .map(line -> line.split("\t"))
                .filter(field -> field[0].equals(kernel) && field[1].equals(architecture))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no report of " + kernel + " for " + architecture));
        return new KernelCounts(
                kernel,
                architecture,
                layerBody(code.straightBlocks(kernel), kernel, entries),
                layerBody(ptx.straightBlocks(kernel), kernel, entries),
                Integer.parseInt(use[2]),
                Integer.parseInt(use[6]));
    }

    /** The counts that are kept with the sources. */
    static KernelCounts kept(String kernel, String architecture) {
        return text(KEPT)
                .lines()
                .filter(line -> line.startsWith(kernel + "\t" + architecture + "\t"))
                .map(KernelCounts::parse)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no counts of " + kernel + " for " + architecture));
    }

    /** CUDA version of the nvcc whose code was counted for what is kept, 13000 for 13.0. */
    static int keptToolkit() {
        return text(KEPT)
                .lines()
                .filter(line -> line.startsWith(TOOLKIT))
                .map(line -> Integer.parseInt(line.substring(TOOLKIT.length())))
                .findFirst()
                .orElseThrow();
    }

    private static KernelCounts parse(String line) {
        String[] field = line.split("\t");
        Map<Kind, Double> machine = new EnumMap<>(Kind.class);
        Map<Kind, Double> ptx = new EnumMap<>(Kind.class);
        int at = FIRST_COUNT;
        for (Map<Kind, Double> counts : List.of(machine, ptx)) {
            for (Kind kind : Kind.values()) {
                counts.put(kind, Double.valueOf(field[at++]));
            }
        }
        return new KernelCounts(
                field[0], field[1], machine, ptx, Integer.parseInt(field[2]), Integer.parseInt(field[3]));
    }

    /** As it is kept: kernel, architecture, registers, shared memory, machine instructions and PTX by kind. */
    String line() {
        List<String> fields =
                new ArrayList<>(List.of(kernel, architecture, String.valueOf(registers), String.valueOf(sharedBytes)));
        for (Map<Kind, Double> counts : List.of(machine, ptx)) {
            for (Kind kind : Kind.values()) {
                fields.add(String.valueOf(counts.getOrDefault(kind, 0.0)));
            }
        }
        return String.join("\t", fields);
    }

    /**
     * Warp instructions of one layer behind the first, the mean over column parities: the straight blocks with two special functions per
     * entry, of which the first layer's compare the sign of every entry.
     */
    private static Map<Kind, Double> layerBody(List<Map<Kind, Integer>> blocks, String kernel, int entries) {
        List<Map<Kind, Integer>> bodies = blocks.stream()
                .filter(block -> block.getOrDefault(Kind.SPECIAL, 0) == 2 * entries)
                .filter(block -> block.getOrDefault(Kind.COMPARE, 0) < entries)
                .toList();
        if (bodies.isEmpty()) {
            throw new IllegalStateException("no layer body found in the code of " + kernel);
        }
        Map<Kind, Double> mean = new EnumMap<>(Kind.class);
        for (Map<Kind, Integer> body : bodies) {
            body.forEach((kind, count) -> mean.merge(kind, (double) count / bodies.size(), Double::sum));
        }
        return mean;
    }

    private static String text(String name) {
        return new String(resource(name), StandardCharsets.UTF_8);
    }

    private static byte[] resource(String name) {
        try (InputStream in = KernelCounts.class.getResourceAsStream("/kernels/" + name)) {
            if (in == null) {
                throw new BackendUnavailableException("this build has no compiled CUDA kernels: " + name + " is missing"
                        + "\nhint: build again with nvcc on the PATH");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

package cntk.cli;

import cntk.dataset.InputException;
import cntk.plan.Precision;
import cntk.report.Json;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cntk verify}: does a stored kernel hold what it says? */
@Command(
        name = "verify",
        header = "Checks sampled entries of a run against the oracle.",
        customSynopsis = "cntk verify --run DIR [OPTIONS]",
        description = {
            "Recomputes sampled entries of a run's kernel with the oracle, and checks the",
            "checksum of every tile. The run may be finished, stopped, or still going on.",
            "",
            "Errors are relative to the entry, or to a hundredth of the largest sampled one",
            "where that is more. Exit code 1 if one is above 1e-4 (f32) or 1e-8 (f64), or if",
            "a tile is damaged.",
            ""
        })
final class VerifyCommand implements Callable<Integer> {
    /**
     * Not what the engine promises (DESIGN.md: 2e-6 and 1e-12 for most images) but what its worst images may reach: above
     * this something is broken.
     */
    private static final double F32_LIMIT = 1e-4;

    private static final double F64_LIMIT = 1e-8;
    /** Entries this much smaller than the largest are differences of large terms; so is their error. */
    private static final double SMALL = 0.01;

    @Spec
    private CommandSpec spec;

    @Option(names = "--run", paramLabel = "DIR", required = true, description = "The --out of a run.")
    private Path run;

    @Option(
            names = "--samples",
            paramLabel = "N",
            defaultValue = "20",
            description = "Entries to recompute, half of them in each matrix; default: ${DEFAULT-VALUE}.")
    private int samples;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "1",
            description = "Of the choice of entries; default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--data",
            paramLabel = "DIR|sample",
            description = "Where the images are now, if they were moved since.")
    private @Nullable String data;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    /** What was found. */
    private record Finding(
            List<OracleCheck.Compared> compared,
            OracleCheck.Compared worst,
            double largestError,
            double limit,
            int tiles,
            int committed,
            List<String> damaged) {
        boolean right() {
            return largestError <= limit && damaged.isEmpty();
        }
    }

    @Override
    public Integer call() throws InterruptedException {
        if (samples < 1) {
            throw new InputException("--samples is " + samples + ", expected at least 1");
        }
        StoredRun stored = StoredRun.open(run, data == null ? "" : data);
        List<StoredRun.Matrix> matrices = stored.matrices();
        try {
            Finding finding = check(stored, matrices);
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                out.println(Json.text(fields(stored, finding)));
            } else {
                print(stored, finding, out);
            }
            out.flush();
            return (finding.right() ? ExitCodes.RIGHT : ExitCodes.FAILED).code();
        } finally {
            matrices.forEach(StoredRun.Matrix::close);
        }
    }

    private Finding check(StoredRun stored, List<StoredRun.Matrix> matrices) throws InterruptedException {
        List<StoredRun.Matrix> begun = matrices.stream()
                .filter(matrix -> !matrix.committed().isEmpty())
                .toList();
        List<String> damaged =
                matrices.stream().flatMap(matrix -> matrix.damaged().stream()).toList();
        if (begun.isEmpty()) {
            throw new InputException(run + " holds no finished tile" + (damaged.isEmpty() ? "" : ", only damaged ones")
                    + ": there is nothing to verify yet\nhint: the command that made it goes on where it stopped");
        }
        RandomGenerator random = new Random(seed);
        OracleCheck oracle = new OracleCheck(stored.task(), Runtime.getRuntime().availableProcessors());
        List<OracleCheck.Compared> compared = new ArrayList<>();
        int left = samples;
        for (int index = 0; index < begun.size(); index++) {
            StoredRun.Matrix matrix = begun.get(index);
            int share = Math.ceilDiv(left, begun.size() - index);
            left -= share;
            List<EntrySamples.Entry> entries = EntrySamples.draw(matrix.store(), matrix.committed(), share, random);
            compared.addAll(oracle.compare(matrix.name(), matrix.rows(), matrix.cols(), entries));
        }
        return finding(stored, matrices, compared, damaged);
    }

    private static Finding finding(
            StoredRun stored,
            List<StoredRun.Matrix> matrices,
            List<OracleCheck.Compared> compared,
            List<String> damaged) {
        double largest = compared.stream()
                .mapToDouble(entry -> Math.abs(entry.oracle()))
                .max()
                .orElse(0);
        OracleCheck.Compared worst = compared.stream()
                .max(Comparator.comparingDouble(entry -> relativeError(entry, largest)))
                .orElseThrow();
        return new Finding(
                compared,
                worst,
                relativeError(worst, largest),
                stored.manifest().precision() == Precision.F32 ? F32_LIMIT : F64_LIMIT,
                matrices.stream()
                        .mapToInt(matrix -> matrix.store().plan().tiles().size())
                        .sum(),
                matrices.stream().mapToInt(matrix -> matrix.committed().size()).sum(),
                damaged);
    }

    private static double relativeError(OracleCheck.Compared entry, double largest) {
        if (entry.difference() == 0) {
            return 0;
        }
        return entry.difference() / Math.max(Math.abs(entry.oracle()), SMALL * largest);
    }

    private static void print(StoredRun stored, Finding finding, PrintWriter out) {
        OracleCheck.Compared worst = finding.worst();
        out.printf(Locale.ROOT, "network     %s%n", stored.manifest().network());
        out.printf(
                Locale.ROOT,
                "kernel      %s in %s by %s%n",
                stored.manifest().kind().word(),
                stored.manifest().precision().word(),
                stored.manifest().backend());
        out.printf(
                Locale.ROOT,
                "tiles       %,d of %,d there, %d damaged%n",
                finding.committed(),
                finding.tiles(),
                finding.damaged().size());
        finding.damaged().forEach(file -> out.println("            " + file));
        out.printf(
                Locale.ROOT,
                "entries     %,d recomputed with the oracle%n",
                finding.compared().size());
        out.printf(
                Locale.ROOT,
                "error       %.1e at worst, allowed %.0e: %s[%d, %d] is %s, the oracle has %s%n",
                finding.largestError(),
                finding.limit(),
                worst.matrix(),
                worst.row(),
                worst.col(),
                worst.stored(),
                worst.oracle());
        out.println("verdict     " + (finding.right() ? "right" : "WRONG"));
    }

    private static Map<String, Object> fields(StoredRun stored, Finding finding) {
        OracleCheck.Compared worst = finding.worst();
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("right", finding.right());
        fields.put("largest_relative_error", Double.isFinite(finding.largestError()) ? finding.largestError() : null);
        fields.put("allowed", finding.limit());
        fields.put("samples", finding.compared().size());
        fields.put("worst_matrix", worst.matrix());
        fields.put("worst_row", worst.row());
        fields.put("worst_col", worst.col());
        fields.put("worst_stored", worst.stored());
        fields.put("worst_oracle", worst.oracle());
        fields.put("tiles", finding.tiles());
        fields.put("committed_tiles", finding.committed());
        fields.put("damaged", finding.damaged());
        fields.put("network", stored.manifest().network());
        fields.put("network_id", stored.manifest().networkId());
        fields.put("kind", stored.manifest().kind().word());
        fields.put("precision", stored.manifest().precision().word());
        fields.put("backend", stored.manifest().backend());
        return fields;
    }
}

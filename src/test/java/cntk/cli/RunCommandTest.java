package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cntk.gram.DamageListener;
import cntk.gram.GramManifest;
import cntk.gram.GramSpec;
import cntk.gram.ZarrGramStore;
import cntk.plan.Tile;
import cntk.report.RunRecord;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunCommandTest {
    private static final String NETWORK = "cntk(depth=3,readout=flatten)";

    @TempDir
    Path temporary;

    @Test
    void aRunLeavesItsFilesAndIsFoundAgain() throws IOException {
        JsonNode first = json(run("--json"));
        assertThat(first.path("train").intValue()).isEqualTo(20);
        assertThat(first.path("test").intValue()).isEqualTo(10);
        assertThat(first.path("pairs").intValue()).isEqualTo(20 * 21 / 2 + 200);
        assertThat(first.path("computed_pairs").intValue()).isEqualTo(410);
        assertThat(first.path("accuracy").doubleValue()).isBetween(0.0, 1.0);
        assertThat(first.path("backend").textValue()).isEqualTo("cpu");
        assertThat(first.path("precision").textValue()).isEqualTo("f64");
        assertThat(first.path("kernel_seconds").doubleValue()).isPositive();
        assertThat(first.path("solve_seconds").doubleValue()).isPositive();
        assertThat(out().resolve("predictions.csv")).content().hasLineCount(11);
        assertThat(out().resolve("metrics.csv")).content().contains("accuracy,");
        RunRecord record = RunRecord.read(out().resolve("run.json"));
        assertThat(record.backend().reason()).contains("auto");
        assertThat(record.workers().stream().mapToLong(RunRecord.Worker::pairs).sum())
                .isEqualTo(410);

        String predictions = Files.readString(out().resolve("predictions.csv"));
        JsonNode again = json(run("--json", "--threads", "1"));
        assertThat(again.path("computed_pairs").intValue()).isZero();
        assertThat(again.path("accuracy")).isEqualTo(first.path("accuracy"));
        assertThat(out().resolve("predictions.csv")).hasContent(predictions);
    }

    @Test
    void theIterativeSolverPredictsWhatCholeskyDoes() throws IOException {
        JsonNode direct = json(run("--json", "--ridge", "0.01"));
        assertThat(direct.has("pcg")).isFalse();
        double[][] expected = scores();
        Files.delete(out().resolve("predictions.csv"));
        JsonNode iterative =
                json(run("--json", "--ridge", "0.01", "--solver", "pcg", "--pcg-rank", "3", "--pcg-iterations", "99"));
        assertThat(iterative.path("computed_pairs").intValue()).isZero();
        JsonNode pcg = iterative.path("pcg");
        assertThat(pcg.path("rank").intValue()).isEqualTo(3);
        assertThat(pcg.path("iterations").intValue()).isBetween(1, 20);
        assertThat(pcg.path("residual").doubleValue()).isBetween(0.0, 1e-8);
        assertThat(pcg.path("residuals").size()).isEqualTo(10);
        assertThat(pcg.path("bytes_read").longValue()).isGreaterThan(20 * 20 * 8L);
        double[][] found = scores();
        for (int image = 0; image < expected.length; image++) {
            assertThat(found[image]).containsExactly(expected[image], within(1e-6));
        }
        assertThat(RunRecord.read(out().resolve("run.json")).options()).containsEntry("solver", "pcg");
        assertThat(out().resolve("pcg-checkpoint.bin")).doesNotExist();
    }

    private double[][] scores() throws IOException {
        return Files.readAllLines(out().resolve("predictions.csv")).stream()
                .skip(1)
                .map(line -> Arrays.stream(line.split(",", -1))
                        .skip(5)
                        .mapToDouble(Double::parseDouble)
                        .toArray())
                .toArray(double[][]::new);
    }

    @Test
    void anIterativeSolveThatCannotConvergeFailsAndGoesOnWithMoreIterations() {
        CommandRun tooFew = run("--solver", "pcg", "--pcg-rank", "1", "--pcg-iterations", "1");
        assertThat(tooFew.code()).isEqualTo(1);
        assertThat(tooFew.err()).contains("has not converged in 1 iterations", "hint: a ridge of");
        assertThat(out().resolve("pcg-checkpoint.bin")).exists();
        assertThat(out().resolve("predictions.csv")).doesNotExist();
        CommandRun more = run("--solver", "pcg", "--pcg-rank", "1");
        assertThat(more.code()).isZero();
        assertThat(more.err()).contains("goes on from iteration 1");
    }

    @Test
    void optionsOfTheIterativeSolverNeedIt() {
        for (String[] words : new String[][] {
            {"--pcg-rank", "3"},
            {"--solver", "pcg", "--pcg-rank", "0"},
            {"--solver", "pcg", "--pcg-tolerance", "1"},
            {"--solver", "pcg", "--pcg-iterations", "0"},
            {"--pcg-checkpoint", "5"},
            {"--solver", "pcg", "--pcg-checkpoint", "NaN"},
            {"--solver", "cg"}
        }) {
            CommandRun run = run(words);
            assertThat(run.code()).isEqualTo(2);
            assertThat(run.err()).contains("-" + words[words.length - 2].substring(1));
        }
    }

    @Test
    void otherOptionsAreRefusedAndTheDifferenceIsNamed() {
        assertThat(run().code()).isZero();
        refused("train_count: the store has 20, this run wants 19", "--train", "19");
        refused("kind: the store has ntk, this run wants nngp", "--kind", "nngp");
        refused("precision: the store has f64, this run wants f32", "--precision", "f32");
        refused("backend: the store has cpu, this run wants oracle", "--backend", "oracle");
        refused("normalization: the store has standard, this run wants none", "--normalize", "none");
        refused("ridge: the run has 0.0, this one wants 0.5", "--ridge", "0.5");
        refused("network: the store has", "--arch", "cntk(depth=4,readout=flatten)");
    }

    @Test
    void readoutsOfASweepAreRunsOfTheirOwn() throws IOException {
        String[] gap = {"--arch", "cntk(depth=5)", "--readouts", "depth=3,4,5 readout=gap,flatten fix=true", "--json"};
        CommandRun first = run(gap);
        JsonNode json = json(first);
        assertThat(json.path("readouts").findValuesAsText("readout"))
                .containsExactly(
                        "depth=3,readout=gap,fix=true",
                        "depth=3,readout=flatten,fix=true",
                        "depth=4,readout=gap,fix=true",
                        "depth=4,readout=flatten,fix=true",
                        "depth=5,readout=flatten,fix=true"); // depth=5,readout=gap is the main one
        Path one = out().resolve("readouts/depth=3,readout=gap,fix=true");
        assertThat(one.resolve("predictions.csv")).content().hasLineCount(11);
        assertThat(json(CommandRun.of("verify", "--run", one.toString(), "--samples", "4", "--json"))
                        .path("right")
                        .booleanValue())
                .isTrue();
        JsonNode again = json(run(gap));
        assertThat(again.path("computed_pairs").intValue()).isZero();
        assertThat(again.path("readouts").get(1).path("accuracy"))
                .isEqualTo(json.path("readouts").get(1).path("accuracy"));

        CommandRun alone = CommandRun.of(
                "run",
                "--train",
                "20",
                "--test",
                "10",
                "--threads",
                "2",
                "--json",
                "--out",
                temporary.resolve("alone").toString(),
                "--arch",
                "cntk(depth=3)");
        assertThat(json(alone).path("accuracy"))
                .isEqualTo(json.path("readouts").get(0).path("accuracy"));
        assertThat(temporary.resolve("alone/predictions.csv")).hasSameTextualContentAs(one.resolve("predictions.csv"));
    }

    @Test
    void readoutsThatShareNoSweepAreRefusedBeforeAnythingIsWritten() {
        CommandRun run = run("--arch", "conv relu gap", "--readouts", "conv(k=5) relu conv relu gap");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("layer 1", "share no sweep");
        assertThat(out()).doesNotExist();
    }

    @Test
    void flippedKernelsOfUnitDiagonalAreStoredAndVerified() throws IOException {
        CommandRun run = run("--flip", "--unit-diagonal", "--json");
        assertThat(json(run).path("flip").booleanValue()).isTrue();
        JsonNode verified = json(CommandRun.of("verify", "--run", out().toString(), "--samples", "6", "--json"));
        assertThat(verified.path("right").booleanValue()).isTrue();
        refused("flip: the store has true, this run wants false", "--unit-diagonal");
        refused("unit_diagonal: the store has true, this run wants false", "--flip");
    }

    private void refused(String difference, String... options) {
        CommandRun run = run(options);
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("was made with other options", difference, "hint:");
        assertThat(run.out()).isEmpty();
    }

    @Test
    void aForeignDirectoryIsRefused() throws IOException {
        Files.createDirectories(out());
        Files.writeString(out().resolve("thesis.tex"), "years of work");
        CommandRun run = run();
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("holds thesis.tex but no manifest.json", "hint: choose another --out");
        assertThat(out()).isDirectoryNotContaining(file -> !file.endsWith("thesis.tex"));
    }

    @Test
    void aSingularKernelFailsWithTheRidgeThatHelpsAndKeepsTheKernel() throws IOException {
        String[] linear = {"--arch", "conv(k=1) gap dense"}; // a 3 x 3 covariance at most, for 20 images
        CommandRun failed = run(linear);
        assertThat(failed.code()).isEqualTo(1);
        assertThat(failed.err()).contains("is not positive definite", "hint: ridge ");
        assertThat(failed.out()).isEmpty();
        String ridge = failed.err().replaceAll("(?s).*hint: ridge (\\S+) .*", "$1");
        CommandRun helped = run(linear[0], linear[1], "--ridge", ridge, "--json");
        assertThat(json(helped).path("computed_pairs").intValue()).isZero();
        assertThat(helped.err()).contains("warning:");
    }

    @Test
    void verifyAgreesWithAGoodStoreAndFindsABadOne() throws IOException {
        assertThat(run().code()).isZero();
        JsonNode good = json(CommandRun.of("verify", "--run", out().toString(), "--samples", "8", "--json"));
        assertThat(good.path("right").booleanValue()).isTrue();
        assertThat(good.path("samples").intValue()).isEqualTo(8);
        assertThat(good.path("largest_relative_error").doubleValue()).isLessThan(1e-12);

        Path chunk = out().resolve("cross/c/0/0");
        byte[] bytes = Files.readAllBytes(chunk);
        bytes[3] ^= 1;
        Files.write(chunk, bytes);
        CommandRun damaged = CommandRun.of("verify", "--run", out().toString());
        assertThat(damaged.code()).isEqualTo(1);
        assertThat(damaged.out()).contains("1 damaged", chunk.toString(), "WRONG");

        replaceByWrongValues(chunk);
        CommandRun wrong = CommandRun.of("verify", "--run", out().toString());
        assertThat(wrong.code()).isEqualTo(1);
        assertThat(wrong.out()).contains("0 damaged", "cross[", "WRONG");
    }

    /** Whole chunks with right checksums and wrong numbers. */
    private void replaceByWrongValues(Path chunk) throws IOException {
        Files.delete(chunk);
        GramManifest manifest = GramManifest.read(out());
        GramSpec spec = RunPlan.spec(manifest, false);
        try (ZarrGramStore store = ZarrGramStore.open(out().resolve("cross"), spec, DamageListener.logging())) {
            Tile tile = spec.plan().tile(0, 0);
            double[] values = new double[tile.entries()];
            Arrays.fill(values, 1.0);
            store.commit(tile, values);
        }
    }

    @Test
    void verifyWantsSomethingToVerify() throws IOException {
        assertThat(run().code()).isZero();
        try (Stream<Path> files = Files.walk(out())) {
            for (Path file : files.filter(file -> file.toString().contains("/c/"))
                    .filter(Files::isRegularFile)
                    .toList()) {
                Files.delete(file);
            }
        }
        CommandRun run = CommandRun.of("verify", "--run", out().toString());
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("holds no finished tile", "hint:");
    }

    private Path out() {
        return temporary.resolve("run");
    }

    /** The options, and those of a small run that are not among them. */
    private CommandRun run(String... options) {
        List<String> words = new ArrayList<>(List.of("run", "--out", out().toString()));
        words.addAll(List.of(options));
        Map.of("--train", "20", "--test", "10", "--arch", NETWORK).forEach((name, value) -> {
            if (!words.contains(name)) {
                words.addAll(List.of(name, value));
            }
        });
        return CommandRun.of(words.toArray(String[]::new));
    }

    private static JsonNode json(CommandRun run) throws IOException {
        assertThat(run.code()).as(run.err()).isZero();
        return new ObjectMapper().readTree(run.out());
    }
}

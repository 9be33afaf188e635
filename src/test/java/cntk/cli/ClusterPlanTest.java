package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code cntk plan --gpus}: arithmetic on counts, the cost model and assumptions; the same on every machine. */
class ClusterPlanTest {
    private static final double TIGHT = 1e-9;

    private static CommandRun run(String... more) {
        return CommandRun.of(
                Stream.concat(Stream.of("plan", "--json"), Stream.of(more)).toArray(String[]::new));
    }

    private static JsonNode plan(String... more) throws IOException {
        CommandRun run = run(more);
        assertThat(run.code()).as(run.err()).isZero();
        return new ObjectMapper().readTree(run.out());
    }

    private static double number(JsonNode plan, String field) {
        assertThat(plan.path(field).isNumber()).as(field).isTrue();
        return plan.path(field).doubleValue();
    }

    private static final String[] MILLION = {"--train", "1000000", "--gpus", "64", "--gpu", "h100"};

    private static JsonNode million(String... more) throws IOException {
        return plan(Stream.concat(Stream.of(MILLION), Stream.of(more)).toArray(String[]::new));
    }

    @Test
    void aMillionImagesAreCountedThoughTheDataSetHasFewer() throws IOException {
        JsonNode plan = million();
        long side = plan.path("train_tile_side").longValue();
        long blocks = Math.ceilDiv(1_000_000L, side);
        long tiles = blocks * (blocks + 1) / 2;
        long cross = plan.path("cross_tile_side").longValue();
        long crossTiles = plan.path("cross_tiles").longValue();
        assertThat(plan.path("pairs").longValue()).isEqualTo(500_000_500_000L + 250L * 1_000_000);
        assertThat(plan.path("train_tiles").longValue()).isEqualTo(tiles);
        assertThat(plan.path("store_bytes").longValue())
                .isEqualTo(tiles * (4 * side * side + 4) + crossTiles * (4 * cross * cross + 4));
        assertThat(plan.path("image_bytes").longValue()).isEqualTo(1_000_250L * 3072);
        assertThat(plan.path("nodes").intValue()).isEqualTo(8);
        assertThat(plan.path("estimate").booleanValue()).isTrue();
    }

    /** The kernel waits for the GPUs and their commits, or for the store, whichever is slower, behind the images. */
    @ParameterizedTest(name = "store {0} GB/s, a tile durable in {1} ms")
    @CsvSource({"100, 6", "1, 6", "100, 0.001", "1, 100"})
    void theKernelTakesAsLongAsItsSlowestPart(double store, double commit) throws IOException {
        JsonNode plan = million("--assume", "store=" + store + ",commit-ms=" + commit + ",node-link=20");
        double gpus = number(plan, "pairs") * number(plan, "pair_us_to") * 1e-6 / 64;
        double files = number(plan, "train_tiles") + number(plan, "cross_tiles");
        double rate = 1e9 * Math.min(store, 8 * 20);
        double expected = 8 * number(plan, "image_bytes") / rate
                + Math.max(gpus + files * commit / 1e3 / 64, number(plan, "store_bytes") / rate);
        assertThat(number(plan, "kernel_seconds_to")).isCloseTo(expected, within(TIGHT * expected));
        assertThat(number(plan, "gpu_seconds_to")).isCloseTo(gpus, within(TIGHT * gpus));
        assertThat(number(plan, "kernel_seconds_from")).isLessThanOrEqualTo(expected);
    }

    @Test
    void moreGpusComputeProportionallyLess() throws IOException {
        double one = number(plan("--train", "1000000", "--gpus", "1"), "gpu_seconds_from");
        assertThat(number(million(), "gpu_seconds_from")).isCloseTo(one / 64, within(TIGHT * one));
    }

    @Test
    void costIsGpusTimesHoursTimesPrice() throws IOException {
        JsonNode plan = million("--price", "7");
        double hours = 64 * (number(plan, "kernel_seconds_to") + number(plan, "solve_seconds")) / 3600;
        assertThat(number(plan, "gpu_hours_to")).isCloseTo(hours, within(TIGHT * hours));
        assertThat(number(plan, "usd_to")).isCloseTo(7 * hours, within(TIGHT * 7 * hours));
        assertThat(number(plan.path("assumptions"), "price")).isEqualTo(7);
    }

    @Test
    void aMatrixThatNoNodeHoldsIsSolvedByConjugateGradients() throws IOException {
        JsonNode plan = million();
        assertThat(plan.path("solver").textValue()).isEqualTo("pcg");
        assertThat(plan.path("pcg_rank").intValue()).isEqualTo(10_000);
        assertThat(number(plan, "solve_memory_bytes")).isBetween(8e10, 1.2e11); // rank columns and an eighth more
        JsonNode small = plan("--train", "50000", "--gpus", "64");
        assertThat(small.path("solver").textValue()).isEqualTo("packed cholesky");
        assertThat(number(small, "matrix_bytes")).isEqualTo(10_000_200_000.0);
        assertThat(plan("--train", "50000", "--gpus", "64", "--assume", "node-gb=9")
                        .path("solver")
                        .textValue())
                .isEqualTo("pcg");
    }

    /** With links and memory without bound, an iteration is one reading of the matrix. */
    @Test
    void anIterationReadsTheMatrixOnceAtTheRateOfTheStore() throws IOException {
        JsonNode plan =
                million("--assume", "node-link=1e9,node-stream=1e9,node-tflops=1e9,store=50,iterations=100,readings=7");
        double tiles = number(plan, "train_tiles");
        double bytes = tiles * (4 * Math.pow(number(plan, "train_tile_side"), 2) + 4);
        assertThat(number(plan, "bytes_read_an_iteration")).isEqualTo(bytes);
        assertThat(number(plan, "iteration_seconds")).isCloseTo(bytes / 50e9, within(1e-6 * bytes / 50e9));
        assertThat(number(plan, "bytes_read")).isCloseTo((7 + 100 + 2) * bytes, within(TIGHT * 200 * bytes));
        double matrix = (7 + 100 + 2) * bytes / 50e9;
        assertThat(number(plan, "solve_seconds")).isCloseTo(matrix, within(1e-3 * matrix)); // and the cross tiles
    }

    @Test
    void memoryOfANodeIsAnAssumptionThatPlansAreHeldAgainst() {
        CommandRun direct = run("--train", "1000000", "--gpus", "64", "--solver", "cpu");
        assertThat(direct.code()).isEqualTo(1);
        assertThat(direct.err())
                .contains("the solve (packed cholesky) needs 4003 GB of memory in one node", "assumed to have 2000 GB")
                .contains("hint: --solver pcg");
        CommandRun five = run("--train", "5000000", "--gpus", "512", "--gpu", "rtx4090");
        assertThat(five.code()).isEqualTo(1);
        assertThat(five.err()).contains("the solve (pcg)", "512 GB", "hint: a smaller --pcg-rank");
        CommandRun images = run("--train", "5000000", "--gpus", "8", "--assume", "node-gb=10");
        assertThat(images.err()).contains("the kernel needs 16 GB of memory in every node");
        assertThat(run(
                                "--train",
                                "5000000",
                                "--gpus",
                                "512",
                                "--gpu",
                                "rtx4090",
                                "--solver",
                                "pcg",
                                "--pcg-rank",
                                "5000")
                        .code())
                .isZero();
    }

    @Test
    void wrongAssumptionsAreNamed() {
        CommandRun unknown = run("--gpus", "8", "--assume", "prize=3");
        assertThat(unknown.code()).isEqualTo(2);
        assertThat(unknown.err()).contains("'prize'", "did you mean 'price'", "node-gb");
        assertThat(run("--gpus", "8", "--assume", "store=0").err()).contains("store is 0.0", "above 0");
        assertThat(run("--gpus", "0").err()).contains("--gpus is 0");
        CommandRun without = run("--train", "100", "--price", "3");
        assertThat(without.code()).isEqualTo(2);
        assertThat(without.err()).contains("--gpus N, which is missing");
        assertThat(run("--gpus", "8", "--solver", "cuda").err()).contains("--solver cuda", "hint:");
    }

    @Test
    void whatIsNotBuiltIsNotHidden() throws IOException {
        assertThat(million().path("not_built_yet").toString()).contains("2,147,483,647 bytes", "one array");
        assertThat(plan("--train", "50000", "--gpus", "64").path("not_built_yet"))
                .isEmpty();
    }

    @Test
    void everyAssumptionHasALine() {
        CommandRun run = CommandRun.of("plan", "--gpus", "8", "--gpu", "a100");
        assertThat(run.code()).isZero();
        for (Assumption assumption : Assumption.values()) {
            assertThat(run.out()).containsPattern("assumed +" + assumption.word() + " +[0-9.]+ +");
        }
        assertThat(run.out()).contains("8 x A100 in 1 node", "*estimate*");
    }
}

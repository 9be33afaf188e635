package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.arch.ArchitectureParser;
import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import cntk.plan.KernelKind;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import cntk.plan.TilePlan;
import cntk.solve.KernelRidge;
import cntk.solve.MemoryShortageException;
import cntk.solve.SolverPlace;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanCommandTest {
    /** A network whose tiles are short, on one thread: a measurement takes its seconds on every thread that it has. */
    private static final String[] SOON_MEASURED = {"--arch", "cntk(depth=2,readout=flatten)", "--threads", "1"};

    @TempDir
    Path temporary;

    @Test
    void planOfAllOfCifarIsThatOfItsCounts() throws IOException {
        JsonNode plan = json(
                CommandRun.of("plan", "--train", "50000", "--test", "10000", "--gpus", "2", "--gpu", "a100", "--json"));
        assertThat(plan.path("pairs").longValue()).isEqualTo(50_000L * 50_001 / 2 + 500_000_000L);
        assertThat(plan.path("precision").textValue()).isEqualTo("f32");
        assertThat(plan.path("matrix_bytes").longValue()).isEqualTo(10_000_200_000L);
        assertThat(plan.path("solver").textValue()).isEqualTo("packed cholesky");
        long side = plan.path("train_tile_side").longValue();
        long blocks = Math.ceilDiv(50_000L, side);
        assertThat(plan.path("train_tiles").longValue()).isEqualTo(blocks * (blocks + 1) / 2);
        assertThat(plan.path("estimate").booleanValue()).isTrue();
        assertThat(plan.path("kernel_seconds_from").doubleValue())
                .isPositive()
                .isLessThan(plan.path("kernel_seconds_to").doubleValue());
    }

    @Test
    void bytesOfTheStoreAreThoseThatARunLeaves() throws IOException {
        String[] options = {"--train", "40", "--test", "20", "--arch", "cntk(depth=2,readout=flatten)"};
        JsonNode plan = json(CommandRun.of(words("plan", options, "--json", "--gpus", "1")));
        Path out = temporary.resolve("run");
        assertThat(CommandRun.of(words("run", options, "--out", out.toString())).code())
                .isZero();
        long stored = 0;
        long tiles = 0;
        for (String matrix : new String[] {"train", "cross"}) {
            try (Stream<Path> files = Files.walk(out.resolve(matrix).resolve("c"))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    stored += Files.size(file);
                    tiles++;
                }
            }
        }
        assertThat(plan.path("store_bytes").longValue()).isEqualTo(stored);
        assertThat(plan.path("train_tiles").longValue()
                        + plan.path("cross_tiles").longValue())
                .isEqualTo(tiles);
    }

    private static String[] words(String command, String[] options, String... more) {
        return Stream.of(new String[] {command}, options, more)
                .flatMap(Stream::of)
                .toArray(String[]::new);
    }

    @Test
    void thisMachineIsMeasured() {
        CommandRun plan = CommandRun.of("plan", "--train", "100", "--test", "50", "--threads", "1");
        assertThat(plan.code()).as(plan.err()).isZero();
        assertThat(plan.out()).contains("measured in the last seconds", "(estimate)", "BLAS threads", "tiles");
    }

    @Test
    void iterationsOfConjugateGradientsAreNotGuessed() throws IOException {
        String[] options = {"--train", "100", "--test", "50", "--solver", "pcg"};
        assertThat(CommandRun.of(words("plan", options, SOON_MEASURED)).out())
                .contains("pcg, ", "read in every iteration");
        JsonNode plan = json(CommandRun.of(words("plan", words("--json", options), SOON_MEASURED)));
        assertThat(plan.path("solve_seconds").isNull()).isTrue();
        assertThat(plan.path("kernel_seconds").doubleValue()).isPositive();
    }

    @Test
    void whatCannotFitIsRefusedWithTheNumbers() {
        String[] options = {"--train", "2000000", "--test", "1000"};
        CommandRun plan = CommandRun.of(words("plan", options, SOON_MEASURED));
        assertThat(plan.code()).isEqualTo(1);
        assertThat(plan.err())
                .contains("GiB of memory", "are available", "hint:")
                .contains("the kernel matrices need");
        RunDemand demand = demand(2_000_000);
        assertThatThrownBy(demand::requireMemory).isInstanceOf(MemoryShortageException.class);
        assertThatThrownBy(() -> demand.requireDisk(temporary.resolve("not/there")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("GiB free");
        demand(1000).requireDisk(temporary.resolve("not/there"));
    }

    private static RunDemand demand(int train) {
        KernelTask task = KernelTask.of(
                ArchitectureParser.network("cntk(depth=3,readout=flatten)", new ImageShape(3, 32, 32)), KernelKind.NTK);
        return RunDemand.of(
                task,
                new TilePlan(train, train, 512, true),
                new TilePlan(1000, train, 512, false),
                Precision.F32,
                2,
                KernelRidge.solver(train, SolverPlace.cpu("planned")),
                KernelRidge.matrixBytes(train, SolverPlace.cpu("planned")));
    }

    @Test
    void networkWithoutACostModelIsAClearError() {
        CommandRun plan = CommandRun.of("plan", "--gpus", "1", "--arch", "conv(k=3,stride=2) relu gap");
        assertThat(plan.code()).isZero(); // 16x16 planes
        CommandRun odd = CommandRun.of("plan", "--gpus", "1", "--arch", "conv(k=3) gelu flatten");
        assertThat(odd.code()).isEqualTo(2);
        assertThat(odd.err()).contains("no estimate for a GPU", "hint:");
    }

    private static JsonNode json(CommandRun run) throws IOException {
        assertThat(run.code()).as(run.err()).isZero();
        return new ObjectMapper().readTree(run.out());
    }
}

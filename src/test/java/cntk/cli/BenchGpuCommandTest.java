package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import cntk.backend.cuda.CudaDriver;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** In the ordinary JVM, where there may be a GPU or none. */
class BenchGpuCommandTest {
    @Test
    void withoutAGpuTheReasonIsGiven() {
        assumeTrue(CudaDriver.find().devices().isEmpty(), "this machine has a GPU");
        for (String[] words : new String[][] {{"bench", "gpu"}, {"bench", "gpu", "--selftest"}}) {
            CommandRun run = CommandRun.of(words);
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.out()).isEmpty();
            assertThat(run.err()).startsWith("cntk: there is no GPU to measure: ");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "--model --selftest, exclude each other",
        "--model --layers 64, must be from 1 to 63",
        "--repeats 0, must be at least 1",
        "'--solver-sizes 10,-1', has a negative number",
    })
    void wrongUsageIsNamed(String options, String message) {
        CommandRun run = CommandRun.of(("bench gpu " + options).split(" "));
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains(message);
    }

    @Test
    void modelCountsPtxBesideMachineCodeAndCallsTimesEstimates() throws IOException {
        assumeTrue(
                BenchGpuCommandTest.class.getResource("/kernels/report.tsv") != null,
                "nvcc was not on the PATH: the kernels were NOT compiled");
        CommandRun run = CommandRun.of("bench", "gpu", "--model", "--json");
        assertThat(run.code()).as(run.err()).isZero();
        JsonNode json = new ObjectMapper().readTree(run.out());
        assertThat(json.path("estimate").booleanValue()).isTrue();
        for (JsonNode kernel : json.path("kernels")) {
            for (String kind : new String[] {"all", "fp32", "special", "shuffle", "shared", "global", "local"}) {
                assertThat(kernel.path("instructions_per_entry_and_layer").has(kind))
                        .as(kind)
                        .isTrue();
                assertThat(kernel.path("ptx_instructions_per_entry_and_layer").has(kind))
                        .as(kind)
                        .isTrue();
            }
            assertThat(kernel.path("occupancy").doubleValue()).isBetween(0.1, 1.0);
            assertThat(kernel.path("staged_bytes_per_pair").doubleValue()).isPositive();
        }
        assertThat(CommandRun.of("bench", "gpu", "--model").out()).contains("*estimate*", "plane_recursion_32", "25%");
    }

    @Test
    void resultsLieInTheCheckoutThatTheProgramWasBuiltIn(@TempDir Path folder) throws IOException {
        Path program = folder.resolve("target").resolve("cntk.jar");
        assertThat(SourceCheckout.results(program)).isEmpty();
        Path results = Files.createDirectories(folder.resolve("bench").resolve("results"));
        assertThat(SourceCheckout.results(program)).contains(results);
        assertThat(SourceCheckout.results(Path.of("/"))).isEmpty();
        assertThat(SourceCheckout.results(null)).isEmpty();
    }
}

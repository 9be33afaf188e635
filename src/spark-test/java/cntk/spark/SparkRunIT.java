package cntk.spark;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code cntk run} on a cluster of two executors with one core each gives the bits of a run on this machine. */
@Tag("spark")
@Timeout(400)
class SparkRunIT {
    /** A few seconds of work in a dozen tiles, of two networks. */
    private static final List<String> OPTIONS = List.of(
            "run",
            "--train",
            "48",
            "--test",
            "16",
            "--arch",
            "cntk(depth=4)",
            "--readouts",
            "depth=3",
            "--ridge",
            "1",
            "--json");

    private static final long PAIRS = 48 * 49 / 2 + 48 * 16;

    @TempDir
    static Path folder;

    private static Map<String, String> local;

    @BeforeAll
    static void localRun() throws Exception {
        RunFiles.run(folder, Map.of(), words("local"));
        local = bits("local");
        assertThat(local).containsKeys("predictions.csv", "readouts/depth=3/predictions.csv", "train/c/0/0");
    }

    @Test
    void clusterGivesTheBitsOfThisMachine() throws Exception {
        SparkSubmit.Result result = SparkSubmit.run(folder, List.of(), words("cluster"));
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(computedPairs(result)).isEqualTo(PAIRS);
        assertThat(result.err())
                .contains("(Spark 4", "local-cluster[2,1,2048]", "spark.executor.resource.gpu.amount is not set");
        assertThat(bits("cluster")).isEqualTo(local);
        JsonNode record =
                new ObjectMapper().readTree(folder.resolve("cluster/run.json").toFile());
        assertThat(record.path("workers").size())
                .as("both executors computed: %s", record.path("workers"))
                .isEqualTo(2);
    }

    /** Tasks that take a little longer than others are computed twice, and tiles go through Hadoop. */
    @Test
    void speculationAndAStoreOfHadoopChangeNoBit() throws Exception {
        String store = folder.resolve("elsewhere").toUri().toString();
        List<String> conf = List.of(
                "spark.cntk.store=" + store,
                "spark.speculation=true",
                "spark.speculation.interval=20ms",
                "spark.speculation.quantile=0.1",
                "spark.speculation.multiplier=1.01",
                "spark.speculation.minTaskRuntime=0ms");
        SparkSubmit.Result result = SparkSubmit.run(folder, conf, words("results"));
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(folder.resolve("results/train")).doesNotExist();
        Map<String, String> both = new TreeMap<>(bits("results"));
        both.putAll(bits("elsewhere"));
        assertThat(both).isEqualTo(local);
    }

    @Test
    void conjugateGradientsOnTheClusterGiveTheBitsOfThisMachine() throws Exception {
        String[] pcg = {"--solver", "pcg", "--pcg-rank", "8"};
        RunFiles.run(folder, Map.of(), words("local-pcg", pcg));
        SparkSubmit.Result result = SparkSubmit.run(folder, List.of(), words("cluster-pcg", pcg));
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(bits("cluster-pcg")).isEqualTo(bits("local-pcg")).hasSameSizeAs(local);
        JsonNode here = pcg("local-pcg");
        JsonNode there = pcg("cluster-pcg");
        assertThat(there.path("iterations").intValue())
                .isEqualTo(here.path("iterations").intValue())
                .isPositive();
        assertThat(there.path("residuals")).isEqualTo(here.path("residuals"));
    }

    @Test
    void badOptionEndsBeforeThereIsACluster() {
        SparkSubmit.Result result = SparkSubmit.run(folder, List.of(), words("bad", "--devices", "0"));
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err()).contains("--devices is '0'", "hint:").doesNotContain("Running Spark");
        assertThat(folder.resolve("bad")).doesNotExist();
    }

    private static JsonNode pcg(String out) throws IOException {
        return new ObjectMapper()
                .readTree(folder.resolve(out).resolve("run.json").toFile())
                .path("results")
                .path("pcg");
    }

    private static long computedPairs(SparkSubmit.Result result) throws IOException {
        return new ObjectMapper().readTree(result.out()).path("computed_pairs").longValue();
    }

    private static List<String> words(String out, String... more) {
        List<String> words = new ArrayList<>(OPTIONS);
        words.addAll(List.of(more));
        words.addAll(List.of("--out", folder.resolve(out).toString()));
        return words;
    }

    private static Map<String, String> bits(String out) throws IOException {
        return RunFiles.bits(folder.resolve(out));
    }
}

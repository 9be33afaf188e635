package cntk.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.dataset.InputException;
import cntk.dataset.Labels;
import cntk.solve.Predictions;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReportTest {
    /** Labels a a b b (none of "x,y"); predictions a b b "x,y". */
    private static final Labels LABELS = new Labels(new int[] {0, 0, 1, 1}, List.of("a", "b", "x,y"));

    private static final Predictions PREDICTIONS =
            Predictions.of(3, new double[] {0.9, 0.1, 1.0 / 3, 0, 1e-300, -1, -0.5, 2, Math.PI, 0, 0, 1e22});

    private static final Evaluation EVALUATION =
            Evaluation.of(Predictions.of(3, new double[] {1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1}), LABELS);

    @TempDir
    Path folder;

    @Test
    void evaluationCountsPerClassAndInAll() {
        assertThat(EVALUATION.overall()).isEqualTo(new Proportion(2, 4));
        assertThat(EVALUATION.ofClass(0)).isEqualTo(new Proportion(1, 2));
        assertThat(EVALUATION.ofClass(2)).isEqualTo(new Proportion(0, 0));
        assertThat(EVALUATION.confusionMatrix()).containsExactly(List.of(1, 1, 0), List.of(0, 1, 1), List.of(0, 0, 0));
        assertThat(EVALUATION.mistakes(1)).containsExactly(new Evaluation.Confusion("a", "b", 1));
        assertThatThrownBy(() -> Evaluation.of(Predictions.of(3, new double[3]), LABELS))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void predictionsComeBackFromTheirFileBitForBit() throws Exception {
        Path file = folder.resolve("predictions.csv");
        PredictionsCsv.write(file, PREDICTIONS, LABELS);
        List<CSVRecord> rows = rows(file);
        assertThat(rows).hasSize(4);
        for (int image = 0; image < 4; image++) {
            CSVRecord row = rows.get(image);
            assertThat(row.get("index")).isEqualTo(Integer.toString(image));
            assertThat(row.get("label")).isEqualTo(Integer.toString(LABELS.of(image)));
            assertThat(row.get("predicted")).isEqualTo(Integer.toString(PREDICTIONS.predicted(image)));
            for (int c = 0; c < 3; c++) {
                assertThat(Double.parseDouble(row.get("score_" + c))).isEqualTo(PREDICTIONS.score(image, c));
            }
        }
        assertThat(rows.getLast().get("predicted_name")).isEqualTo("x,y");
        assertThat(Files.readString(file)).startsWith("index,label,predicted,label_name,predicted_name,score_0,");
    }

    @Test
    void metricsHaveARowPerFactAndClass() throws Exception {
        Path file = folder.resolve("metrics.csv");
        MetricsCsv.write(file, result(List.of()));
        assertThat(rows(file))
                .extracting(row -> row.get("metric") + "=" + row.get("value"))
                .contains("accuracy=0.5", "test=4", "accuracy.a=0.5", "test.x,y=0", "solve_seconds=0.25")
                .noneMatch(row -> row.contains("NaN"));
    }

    @Test
    void filesAreWholeOrNotThere() throws Exception {
        Path file = folder.resolve("text");
        WholeFile.write(file, out -> out.append("old"));
        assertThatThrownBy(() -> WholeFile.write(file, out -> {
                    out.append("half");
                    throw new java.io.IOException("No space left on device");
                }))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("No space left");
        assertThat(file).hasContent("old");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(file);
        }
        assertThatThrownBy(() -> WholeFile.write(folder.resolve("none/text"), out -> out.append("x")))
                .isInstanceOf(InputException.class);
    }

    @Test
    void jsonHasTheFieldsThatScriptsRelyOn() throws Exception {
        JsonNode json = new ObjectMapper()
                .readTree(ResultJson.of(new SweepResult(
                        result(List.of("careful")),
                        List.of(new SweepResult.Readout("depth=3,c=4", result(List.of()))))));
        assertThat(json.get("accuracy").doubleValue()).isEqualTo(0.5);
        assertThat(json.get("train").intValue()).isEqualTo(1234);
        assertThat(json.get("test").intValue()).isEqualTo(4);
        assertThat(json.get("pairs").longValue()).isEqualTo(5_000_000_000L);
        assertThat(json.get("kernel_seconds").doubleValue()).isEqualTo(100);
        assertThat(json.get("solve_seconds").doubleValue()).isEqualTo(0.25);
        assertThat(json.get("backend").textValue()).isEqualTo("cpu");
        assertThat(json.get("network").textValue()).startsWith("conv(");
        assertThat(json.get("condition").isNull()).isTrue(); // infinite
        assertThat(json.get("classes").get("x,y").get("accuracy").isNull()).isTrue();
        assertThat(json.get("warnings").get(0).textValue()).isEqualTo("careful");
        assertThat(json.get("readouts")).hasSize(1);
        assertThat(json.get("readouts").get(0).get("readout").textValue()).isEqualTo("depth=3,c=4");
        assertThat(json.get("readouts").get(0).get("accuracy").doubleValue()).isEqualTo(0.5);
    }

    @Test
    void textSaysTheResult() {
        String text = ResultText.of(new SweepResult(
                result(List.of("careful, " + "this is long ".repeat(12))),
                List.of(new SweepResult.Readout("depth=3,c=4", result(List.of())))));
        assertThat(text)
                .contains("50.00 %  (2 of 4; 95% interval 15.00 to 85.00 %)")
                .contains("5,000,000,000, 4,000,000,000 computed now in 1 min 40 s, 40,000,000 pairs/s")
                .contains("1,234 training, 4 test")
                .contains("a as b (1)")
                .contains("depth=3,c=4  0123abcd         50.00 %")
                .contains("warning     careful, this")
                .doesNotContain("NaN");
        assertThat(text.lines())
                .allMatch(line -> line.length() <= 100)
                .allMatch(line -> line.equals(line.stripTrailing()));
    }

    @ParameterizedTest
    @CsvSource({"0.004, 0.00 s", "9.994, 9.99 s", "12.34, 12.3 s", "245, 4 min 05 s", "7380, 2 h 03 min"})
    void durationsAreInUnitsThatFit(double seconds, String text) {
        assertThat(ResultText.duration(seconds)).isEqualTo(text);
    }

    @Test
    void runRecordComesBackFromItsFile() {
        RunRecord record = new RunRecord(
                RunRecord.FORMAT,
                "2026-01-01T00:00:00Z",
                "2026-01-01T00:01:00Z",
                List.of("run", "--json"),
                Map.of("ridge", 0.5, "data", "sample"),
                new RunRecord.Network("relu", "abc"),
                new RunRecord.Backend("cpu", "two lanes", "asked for"),
                List.of(new RunRecord.Data("train", "sample/train", 500, "3x32x32", "00ff")),
                Map.of("engine", "0.1"),
                MachineCard.read(),
                List.of(new RunRecord.Stage("solve", 0.5)),
                List.of(new RunRecord.Worker("cpu/0", "cpu", "two lanes", 3, 9, 1.5)),
                Map.of("accuracy", 0.5));
        Path file = folder.resolve("run.json");
        record.write(file);
        assertThat(RunRecord.read(file)).isEqualTo(record);
        assertThat(file).content().contains("\"command_line\"");
    }

    @Test
    void foreignFileIsNotARunRecord() throws Exception {
        Path file = Files.writeString(folder.resolve("run.json"), "{ \"format\": ");
        assertThatThrownBy(() -> RunRecord.read(file))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(file.toString());
        Files.writeString(file, "{ \"format\": 99 }");
        assertThatThrownBy(() -> RunRecord.read(file))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("99");
    }

    @Test
    void machineCardReadsCpuinfo() {
        List<String> cpuinfo =
                List.of("processor\t: 0", "model name\t: Some CPU @ 3GHz", "flags\t\t: fpu avx2 avx512f");
        assertThat(MachineCard.cpuModel(cpuinfo)).isEqualTo("Some CPU @ 3GHz");
        assertThat(MachineCard.vectorFlags(cpuinfo)).containsExactly("avx2", "avx512f");
        assertThat(MachineCard.cpuModel(List.of())).isEqualTo("unknown");
        assertThat(MachineCard.vectorFlags(List.of())).isEmpty();
        assertThat(MachineCard.read().memoryBytes()).isPositive();
    }

    private static RunResult result(List<String> warnings) {
        return new RunResult(
                "conv(k=3,pad=zero,w=1.4142135623730951,b=0,train=true) relu ".repeat(5)
                        + "gap dense(w=1,b=0,train=true)",
                "0123abcd",
                1234,
                new RunResult.Kernel(
                        "ntk",
                        false,
                        false,
                        "f32",
                        "cpu",
                        "cpu: 16 lanes, 2 threads",
                        2,
                        5_000_000_000L,
                        4_000_000_000L,
                        100),
                new RunResult.Solve(0, Double.POSITIVE_INFINITY, 1e-3, "cpu", 1, 0.25),
                EVALUATION,
                "runs/test",
                warnings);
    }

    private static List<CSVRecord> rows(Path file) throws Exception {
        try (Reader in = Files.newBufferedReader(file);
                CSVParser parser = CSVFormat.RFC4180
                        .builder()
                        .setHeader()
                        .setSkipHeaderRecord(true)
                        .get()
                        .parse(in)) {
            return parser.getRecords();
        }
    }
}

package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FiniteCommandTest {
    @TempDir
    private Path folder;

    @Test
    void errorsFallWithTheWidthAndLazyTrainingMovesLess() throws IOException {
        CommandRun run = CommandRun.of(
                "finite",
                "--arch",
                "conv(b=0.1) relu gap dense(b=0.1)",
                "--images",
                "3",
                "--crop",
                "4",
                "--widths",
                "8,512",
                "--draws",
                "20",
                "--steps",
                "5",
                "--alphas",
                "1,50",
                "--json",
                "--out",
                folder.toString());
        assertThat(run.code()).as(run.err()).isZero();
        JsonNode json = new ObjectMapper().readTree(run.out());
        assertThat(json.path("shape").textValue()).isEqualTo("3x4x4");
        for (String error : new String[] {"nngp_error", "ntk_error"}) {
            double narrow = json.path("widths").get(0).path(error).doubleValue();
            double wide = json.path("widths").get(1).path(error).doubleValue();
            assertThat(narrow / wide).as(error).isBetween(4.0, 16.0); // 8 is sqrt(512 / 8)
        }
        assertThat(json.path("ntk_slope").doubleValue()).isBetween(-0.7, -0.3);
        assertThat(json.path("training").size()).isEqualTo(4);
        assertThat(json.path("training").get(1).path("kernel_change").doubleValue())
                .isLessThan(json.path("training").get(0).path("kernel_change").doubleValue());
        assertThat(folder.resolve("widths.csv")).content().hasLineCount(3);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--widths 0 | --widths is 0",
                "--widths 100000 | the gradients of 4 images would take",
                "--draws 0 | --draws is 0",
                "--alphas -1 | --alphas has -1.0",
                "--crop -1 | --crop is -1",
            })
    void badInputIsNamed(String options, String message) {
        String[] words = ("finite --arch conv(k=1)|gap|dense " + options).split(" ");
        words[2] = "conv(k=1) gap dense";
        CommandRun run = CommandRun.of(words);
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains(message);
    }
}

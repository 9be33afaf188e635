package cntk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchAndDataCommandTest {
    @TempDir
    Path temporary;

    @Test
    void archPrintsTheNetwork() {
        CommandRun arch = CommandRun.of("arch", "cntk(depth=11,readout=gap)");
        assertThat(arch.code()).isZero();
        assertThat(arch.err()).isEmpty();
        assertThat(arch.out()).contains("10,485,760 per pair", "id  ", "estimate", "not a measurement");
    }

    @Test
    void archTakesWordsWithoutQuotes() throws IOException {
        JsonNode arch = json(CommandRun.of("arch", "conv", "relu", "flatten", "dense", "--shape", "1x5x7", "--json"));
        assertThat(arch.path("network").textValue()).isEqualTo("conv relu flatten dense");
        assertThat(arch.path("shape").textValue()).isEqualTo("1x5x7");
        assertThat(arch.path("layers")).hasSize(4);
        assertThat(arch.path("element_layers").longValue()).isEqualTo(35);
        assertThat(arch.path("id").textValue()).hasSize(12);
    }

    @Test
    void infoDescribesTheSample() throws IOException {
        CommandRun info = CommandRun.of("data", "info", "sample");
        assertThat(info.code()).isZero();
        assertThat(info.out()).contains("500 training and 250 test images of 3x32x32", "airplane", "yes");
        JsonNode json = json(CommandRun.of("data", "info", "sample", "--json"));
        assertThat(json.path("train").intValue()).isEqualTo(500);
        assertThat(json.path("files").path(0).path("official").booleanValue()).isTrue();
    }

    @Test
    void aTruncatedFileIsNamedWithItsOffset() throws IOException {
        Path file = Files.write(temporary.resolve("data_batch_1.bin"), new byte[5000]);
        for (String[] words :
                new String[][] {{"data", "info", temporary.toString()}, {"run", "--data", temporary.toString()}}) {
            CommandRun run = CommandRun.of(words);
            assertThat(run.code()).isEqualTo(2);
            assertThat(run.err())
                    .contains(file.toString(), "has 5000 bytes, expected 30730000", "record 1 at byte offset 3073");
            assertThat(run.out()).isEmpty();
        }
    }

    private static JsonNode json(CommandRun run) throws IOException {
        assertThat(run.code()).as(run.err()).isZero();
        return new ObjectMapper().readTree(run.out());
    }
}

package cntk.arch;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.support.GoldenCase;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class PresetsTest {
    static List<GoldenCase> arora() {
        return GoldenCase.all().stream()
                .filter(golden -> golden.document().has("arora"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("arora")
    void cntkExpandsToTheGoldenLayersBitForBit(GoldenCase golden) {
        JsonNode arora = golden.document().get("arora");
        boolean gap = arora.get("gap").asBoolean();
        boolean fix = arora.get("fix").asBoolean();
        String text = "cntk(depth=" + arora.get("depth").asInt() + ",readout=" + (gap ? "gap" : "flatten");
        assertThat(ArchitectureParser.parse(text + ",fix=" + fix + ")", golden.shape()))
                .isEqualTo(layers(golden));
        if (fix == gap) {
            assertThat(ArchitectureParser.parse(text + ")", golden.shape())).isEqualTo(layers(golden));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                fc(depth=1,w=1.5,b=0.1) | fc_relu_depth1_linear
                fc(depth=2,w=1,b=0.1)   | fc_relu_depth2_jacot_beta0.1
                fc(depth=3,b=0.1)       | fc_relu_depth3_32x32
                fc(depth=4,w=1,b=0.1)   | fc_relu_depth4_jacot_beta0.1
                """)
    void fcExpandsToTheGoldenLayersBitForBit(String text, String name) {
        GoldenCase golden = GoldenCase.load(name);
        assertThat(ArchitectureParser.parse(text, golden.shape())).isEqualTo(layers(golden));
    }

    private static Architecture layers(GoldenCase golden) {
        return ArchitectureJson.parse(golden.archJson(), golden.name());
    }
}

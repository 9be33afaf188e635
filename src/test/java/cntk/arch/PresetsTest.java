package cntk.arch;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.dataset.ImageShape;
import cntk.support.GoldenCase;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.Test;
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
                myrtle5                 | myrtle5_neural_tangents_32x32
                myrtle10                | myrtle10_neural_tangents_32x32
                myrtle5(style=shankar)  | myrtle5_shankar_32x32
                myrtle7(style=shankar)  | myrtle7_shankar_32x32
                """)
    void presetsExpandToTheGoldenLayersBitForBit(String text, String name) {
        GoldenCase golden = GoldenCase.load(name);
        assertThat(ArchitectureParser.parse(text, golden.shape())).isEqualTo(layers(golden));
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
                myrtle7                 ; (conv relu)x2 avgpool (conv relu)x2 avgpool (conv relu)x2 avgpool avgpool avgpool flatten dense(w=1.4142135623730951)
                myrtle10(style=shankar) ; (conv relu)x3 avgpool (conv relu)x3 avgpool (conv relu)x3 gap reluproject
                enhanced(depth=11,c=4)  ; (conv relu)x11 lap flatten dense
                enhanced(depth=3,c=12,pad=circular) ; (conv relu)x3 lap(c=12,pad=circular) flatten dense
                resnet                  ; conv(w=1) residual(relu conv(w=1) relu conv(w=1) | conv(w=1)) (residual(relu conv(stride=2,w=1) relu conv(w=1) | conv(stride=2,w=1)))x2 gap dense
                """)
    void thoseWithoutGoldenFileExpandToTheLayersOfTheirSource(String preset, String layers) {
        ImageShape cifar = new ImageShape(3, 32, 32);
        assertThat(ArchitectureParser.parse(preset, cifar)).isEqualTo(ArchitectureParser.parse(layers, cifar));
        assertThat(ArchitectureParser.network(preset, cifar).readout()).isNotNull();
    }

    @Test
    void everyPresetIsDescribedWithAUsageThatParses() {
        assertThat(Presets.describe())
                .extracting(preset -> preset.usage().replaceFirst("\\(.*", ""))
                .containsExactlyInAnyOrderElementsOf(Presets.ALL);
        for (Presets.Description preset : Presets.describe()) {
            String usage = preset.usage().replace("depth=D", "depth=4");
            assertThat(ArchitectureParser.network(usage, new ImageShape(3, 32, 32))
                            .layers())
                    .as(usage)
                    .isNotEmpty();
            assertThat(preset.source()).matches(".*20[0-9][0-9].*");
        }
    }

    private static Architecture layers(GoldenCase golden) {
        return ArchitectureJson.parse(golden.archJson(), golden.name());
    }
}

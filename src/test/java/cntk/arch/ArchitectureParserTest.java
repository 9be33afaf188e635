package cntk.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArchitectureParserTest {
    private static final ImageShape CIFAR = new ImageShape(3, 32, 32);

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    @Test
    void defaultsAreThoseOfTheLanguage() {
        Layer.Conv conv = new Layer.Conv(3, Padding.ZERO, Math.sqrt(2), 0, true);
        assertThat(parse("conv relu gap dense").layers())
                .containsExactly(conv, new Layer.Relu(), new Layer.GlobalAveragePool(), new Layer.Dense(1, 0, true));
        assertThat(parse("conv(k=3,stride=1,pad=zero,w=1.4142135623730951,b=0,train=true) gap"))
                .isEqualTo(parse("conv() gap"));
    }

    @Test
    void everyArgumentIsRead() {
        assertThat(parse("conv( k = 5 , pad=circular,w=0.5,b=1e-3,train=false) flatten dense(w=2,b=.5,train=false)")
                        .layers())
                .containsExactly(
                        new Layer.Conv(5, Padding.CIRCULAR, 0.5, 0.001, false),
                        new Layer.Flatten(),
                        new Layer.Dense(2, 0.5, false));
    }

    @Test
    void theFirstArgumentMayGoWithoutItsName() {
        assertThat(parse("conv(5,w=0.5) leakyrelu( 0.2 ) lap(2) conv rbf(0.5) avgpool(4,pad=zero) flatten dense(1.5)")
                        .text())
                .isEqualTo("conv(k=5,w=0.5) leakyrelu(a=0.2) lap(c=2) conv rbf(gamma=0.5) avgpool(k=4,pad=zero) flatten"
                        + " dense(w=1.5)");
        assertThat(parse("cntk(4,readout=flatten)")).isEqualTo(parse("cntk(depth=4,readout=flatten)"));
        assertThat(parse("myrtle5(shankar)")).isEqualTo(parse("myrtle5(style=shankar)"));
    }

    @Test
    void groupsRepeatAndNest() {
        assertThat(parse("((conv relu)x2 conv(k=1) relu)x3 gap").layers()).hasSize(3 * 6 + 1);
        assertThat(parse("(conv relu)x1 gap")).isEqualTo(parse("conv relu gap"));
        assertThat(parse("  conv\trelu\n gap ")).isEqualTo(parse("conv relu gap"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                conv relu conv relu gap dense           | (conv relu)x2 gap dense
                conv(w=1.5) relu conv relu conv relu gap | conv(w=1.5) relu (conv relu)x2 gap
                conv(w=2.0,b=0.10,k=3) gap              | conv(w=2,b=0.1) gap
                conv(train=true,b=-0.0) flatten dense(w=1.0) | conv flatten dense
                ((conv relu)x2 conv(k=1) relu)x3 gap    | ((conv relu)x2 conv(k=1) relu)x3 gap
                fc(depth=3,w=1,b=0.1)                   | flatten dense(b=0.1) (relu dense(b=0.1))x2
                cntk(depth=11)                          | conv(w=5.196152422706632,train=false) relu (conv relu)x9 gap dense(w=0.4714045207910317,train=false)
                cntk(depth=3,readout=flatten)           | conv(w=5.196152422706632) relu conv relu flatten dense(w=15.084944665313014)
                """)
    void canonicalTextIsShort(String text, String canonical) {
        assertThat(parse(text).text()).isEqualTo(canonical);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void canonicalTextReadsBackToEqualLayers(long seed) {
        Architecture architecture = randomArchitecture(new Random(seed));
        String text = architecture.text();
        assertThat(parse(text)).as("seed %d: %s", seed, text).isEqualTo(architecture);
        assertThat(parse(text).text()).as("seed %d", seed).isEqualTo(text);
        assertThat(parse(text).id()).isEqualTo(architecture.id()).matches("[0-9a-f]{12}");
    }

    @Test
    void idIsTheHashOfTheCanonicalText() {
        // printf 'conv relu gap dense' | sha256sum
        assertThat(parse("conv relu gap dense").id()).isEqualTo("6b4266dbc63e");
        assertThat(parse("conv relu gap").id())
                .isNotEqualTo(parse("conv relu gap dense").id());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                conv convv gap            | layer 2 'convv' at character 6: | did you mean 'conv'?
                conv(kk=3) gap            | layer 1 'conv(kk=3)' at character 1: argument 'kk' is unknown | did you mean 'k'?
                relu(k=3)                 | argument 'k' is unknown | it takes no arguments
                conv(k=9) gap             | k is 9 | k=1, k=3, k=5 or k=7
                conv(k=2) gap             | k is 2 | k=1, k=3, k=5 or k=7
                conv(k=3.5) gap           | k is '3.5' | whole number
                conv(stride=3) gap        | stride is 3 | stride=1 or stride=2
                conv(pad=same) gap        | padding is 'same' | zero, circular or valid
                avgpool(k=0) gap          | k is 0 | from 1 to 96
                avgpool(stride=0) gap     | stride is 0 | from 1 to 96
                lap(c=-1) gap             | c is -1 | from 0 to 47
                lap(pad=valid) gap        | padding is 'valid' | pad=zero or pad=circular
                leakyrelu(a=1e4) gap      | a is 10000.0 | from -1000 to 1000
                rbf(gamma=-1) gap         | gamma is -1.0 | from 0 to
                residual gap              | its branch is missing | residual(relu conv relu conv)
                residual() gap            | character 1: the branch is empty | layers between the brackets
                conv residual(conv        | character 6: the bracket is not closed | residual(branch)
                conv residual(cnv) gap    | layer 3 'cnv' at character 15 | did you mean 'conv'?
                conv residual(conv)x2 gap | 'x' is not expected here | space
                (residual((conv)x900))x900 | 810900 layers | at most 1000
                residual((residual((conv)x900))x900) | more than 1000 layers | network
                myrtle5(style=x)          | style is 'x' | nt or shankar
                resnet(blocks=0)          | blocks is 0 | from 1 to 50
                enhanced                  | depth is missing | depth=N
                conv(w=NaN) gap           | w is 'NaN' | decimal number
                conv(w=1e999) gap         | w is Infinity | from 0 to
                conv(w=-1) gap            | w is -1.0 | from 0 to
                conv(b=0x1p3) gap         | b is '0x1p3' | decimal number
                conv(train=yes) gap       | train is 'yes' | true or false
                conv(k=3,k=3) gap         | 'k' is given twice | k
                conv(k=3,5) gap           | layer 1 'conv(k=3,5)' at character 1: '5' is not an argument | the first may go without its name
                conv(3,k=5) gap           | layer 1 'conv(3,k=5)' at character 1: 'k' is given twice | k
                conv(zero) gap            | layer 1 'conv(zero)' at character 1: k is 'zero', but must be a whole number | k
                conv leakyrelu(steep) gap | layer 2 'leakyrelu(steep)' at character 6: a is 'steep', but must be a decimal number | 1.4142
                conv relu(0.1) gap        | layer 2 'relu(0.1)' at character 6: argument '0.1' is too much | it takes no arguments
                conv(k=3                  | bracket is not closed | name=value
                conv)                     | character 5: ')' closes no group | remove
                (conv relu                | character 1: the group is not closed | )xN
                (conv relu) gap           | character 1: the group has no count | (conv relu)x9
                (conv relu)x0 gap         | count is 'x0' | x1 to x1000
                (conv relu)x-1 gap        | has no count | x1 to x1000
                (conv relu)x9999999999999 | count is 'x9999999999999' | x1 to x1000
                ((conv)x1000)x1000        | 1000000 layers | at most 1000
                (conv)x600 (relu)x600     | more than 1000 layers | repeat less often
                ()x3                      | the group is empty | layers
                conv;relu                 | ';' is not expected here | space
                conv,relu                 | ',' is not expected here | space
                conv(k=3)relu             | 'r' is not expected here | space
                cntk                      | depth is missing | depth=N
                cntk(deph=3)              | argument 'deph' is unknown | did you mean 'depth'?
                cntk(depth=1)             | depth is 1 | from 2 to 499
                fc(depth=0)               | depth is 0 | from 1 to 499
                cntk(depth=3,readout=max) | readout is 'max' | gap or flatten
                conv cntk(depth=3)        | layer 2 'cntk(depth=3)' at character 6: | put it first
                (cntk(depth=3))x2         | |
                nothere.json              | nothere.json does not exist | network file
                """)
    void anErrorNamesThePlaceAndTheRemedy(String text, String place, String remedy) {
        if (place == null) {
            assertThatThrownBy(() -> Network.of(parse(text), CIFAR)).isInstanceOf(InputException.class);
            return;
        }
        assertThatThrownBy(() -> parse(text))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(place)
                .hasMessageContaining(remedy);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
                conv residual(conv |) gap      ; character 20: the shortcut is empty ; identity
                conv residual(conv|conv|conv)  ; character 6: the bracket is not closed ; residual(branch | shortcut)
                conv | conv                    ; character 6: '|' stands outside of residual ; residual(branch | shortcut)
                (conv | conv)x2                ; character 1: the group is not closed ; )xN
                """)
    void anErrorAtABarNamesThePlaceAndTheRemedy(String text, String place, String remedy) {
        anErrorNamesThePlaceAndTheRemedy(text, place, remedy);
    }

    @Test
    void everyLayerIsReadAndWritten() {
        Layer conv = new Layer.Conv(7, 2, Padding.VALID, 1, 0, true);
        assertThat(parse(
                                "conv(k=7,stride=2,pad=valid,w=1) avgpool avgpool(k=3,stride=1,pad=zero) lap lap(c=1,pad=circular)"
                                        + " leakyrelu leakyrelu(a=-0.5) abs erf gelu sin rbf rbf(gamma=2) identity gaussian(gamma=3)"
                                        + " reluproject residual(erf conv) residual(conv | conv(k=1))")
                        .layers())
                .containsExactly(
                        conv,
                        new Layer.AvgPool(2, 2, Padding.VALID),
                        new Layer.AvgPool(3, 1, Padding.ZERO),
                        new Layer.Lap(4, Padding.ZERO),
                        new Layer.Lap(1, Padding.CIRCULAR),
                        new Layer.LeakyRelu(0.01),
                        new Layer.LeakyRelu(-0.5),
                        new Layer.Abs(),
                        new Layer.Erf(),
                        new Layer.Gelu(),
                        new Layer.Sin(),
                        new Layer.Rbf(1),
                        new Layer.Rbf(2),
                        new Layer.Identity(),
                        new Layer.Gaussian(3),
                        new Layer.ReluProject(),
                        new Layer.Residual(List.of(new Layer.Erf(), LayerWords.CONV), List.of()),
                        new Layer.Residual(
                                List.of(LayerWords.CONV),
                                List.of(new Layer.Conv(1, Padding.ZERO, Math.sqrt(2), 0, true))));
        assertThat(parse("conv (residual( (relu conv)x2 )  residual(relu conv relu conv))x2 gap")
                        .text())
                .isEqualTo("conv (residual((relu conv)x2))x4 gap");
        assertThat(parse("conv residual(conv( stride=2)|conv(k=1,stride=2) ) gap")
                        .text())
                .isEqualTo("conv residual(conv(stride=2) | conv(k=1,stride=2)) gap");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "   ", "\n"})
    void anEmptyNetworkIsRefused(String text) {
        assertThatThrownBy(() -> parse(text)).isInstanceOf(InputException.class).hasMessageContaining("no layer");
    }

    @Test
    void noTextBreaksTheParser() {
        String alphabet = "convrelugapdenseresidual(),=x123. |;-{}\u00e9";
        Random random = new Random(5);
        for (int round = 0; round < 20_000; round++) {
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(30); length > 0; length--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            try {
                parse(text.toString());
            } catch (InputException e) {
                assertThat(e.getMessage()).as(text.toString()).isNotBlank();
            }
        }
        assertThatThrownBy(() -> parse("(".repeat(90_000))).isInstanceOf(InputException.class);
    }

    @Test
    void jsonFilesHoldALayerList(@TempDir Path folder) throws IOException {
        Path list = Files.writeString(folder.resolve("list.json"), """
                [{"op": "conv", "k": 5, "padding": "circular", "W_std": 1.5, "b_std": 0.25, "stride": 1, "train": false},
                 {"op": "relu"}, {"op": "gap"}, {"op": "dense", "W_std": 2}]""");
        Architecture expected = parse("conv(k=5,pad=circular,w=1.5,b=0.25,train=false) relu gap dense(w=2)");
        assertThat(parse(list.toString())).isEqualTo(expected);
        Path object = Files.writeString(
                folder.resolve("object.json"), "{\"name\": \"x\", \"arch\": " + Files.readString(list) + "}");
        assertThat(parse(object.toString())).isEqualTo(expected);
    }

    @Test
    void jsonHasTheNewLayersToo() {
        String json = """
                [{"op": "conv"}, {"op": "avgpool", "k": 3, "stride": 1, "padding": "zero"}, {"op": "lap", "c": 2},
                 {"op": "leakyrelu", "a": 0.5}, {"op": "rbf", "gamma": 2}, {"op": "relu_project"},
                 {"op": "residual", "branch": [{"op": "erf"}, {"op": "conv"}], "shortcut": [{"op": "conv", "k": 1}]}]""";
        assertThat(ArchitectureJson.parse(json, "a.json"))
                .isEqualTo(
                        parse("conv avgpool(k=3,stride=1,pad=zero) lap(c=2) leakyrelu(a=0.5) rbf(gamma=2) reluproject"
                                + " residual(erf conv | conv(k=1))"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                [{"op": "residual", "branch": [{"op": "cnv"}]}] | layer 1, branch layer 1 '{"op":"cnv"}' | did you mean 'conv'?
                [{"op": "residual", "branch": []}]        | layer 1 'residual' | branch is empty
                [{"op": "residual", "body": []}]          | layer 1: key 'body' | op, branch, shortcut
                [{"op": "residual", "branch": 3}]         | layer 1: 'branch' | list of layers
                {                                         | is not JSON | line 1
                {"layers": []}                            | no list of layers | arch
                []                                        | no layer | conv
                [{"k": 3}]                                | layer 1 | op is missing
                [{"op": "relu"}, {"op": "cnov"}]          | layer 2 | did you mean 'conv'?
                [{"op": "conv", "w": 1}]                  | key 'w' is unknown | W_std
                [{"op": "relu", "k": 3}]                  | layer 1 | takes no arguments
                [{"op": "conv", "W_std": null}]           | value of 'W_std' | number
                [{"op": "conv", "k": "3x"}]               | k is '3x' | whole number
                [{"op": "conv", "k": 3, "k": 5}]          | is not JSON | uplicate
                """)
    void jsonErrorsNameTheLayer(String json, String place, String remedy) {
        assertThatThrownBy(() -> ArchitectureJson.parse(json, "a.json"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("a.json")
                .hasMessageContaining(place)
                .hasMessageContaining(remedy);
    }

    private static Architecture parse(String text) {
        return ArchitectureParser.parse(text, CIFAR);
    }

    /** Few different layers, so that repetitions of every kind occur. */
    private static Architecture randomArchitecture(Random random) {
        List<Layer> kinds = new ArrayList<>(List.of(new Layer.Relu(), LayerWords.CONV));
        for (int extra = random.nextInt(3); extra > 0; extra--) {
            kinds.add(randomLayer(random));
        }
        List<Layer> layers = new ArrayList<>();
        while (layers.isEmpty() || (layers.size() < 60 && random.nextInt(8) > 0)) {
            int from = random.nextInt(layers.size() + 1);
            if (random.nextBoolean()) {
                layers.addAll(List.copyOf(layers.subList(from, layers.size())));
            }
            layers.add(kinds.get(random.nextInt(kinds.size())));
        }
        return new Architecture(layers);
    }

    private static Layer randomLayer(Random random) {
        double weightStd = random.nextBoolean() ? random.nextDouble() * Math.pow(10, random.nextInt(12) - 6) : 2;
        double biasStd = random.nextBoolean() ? random.nextGaussian() * random.nextGaussian() : 0;
        Padding padding = List.of(Padding.ZERO, Padding.CIRCULAR, Padding.VALID).get(random.nextInt(3));
        return switch (random.nextInt(8)) {
            case 0 -> new Layer.Flatten();
            case 1 -> new Layer.GlobalAveragePool();
            case 2 -> new Layer.Dense(weightStd, Math.abs(biasStd), random.nextBoolean());
            case 3 -> new Layer.AvgPool(1 + random.nextInt(3), 1 + random.nextInt(3), padding);
            case 4 -> new Layer.LeakyRelu(random.nextGaussian());
            case 5 -> randomResidual(random);
            default ->
                new Layer.Conv(
                        1 + 2 * random.nextInt(4),
                        1 + random.nextInt(2),
                        padding,
                        weightStd,
                        Math.abs(biasStd),
                        random.nextBoolean());
        };
    }

    private static Layer randomResidual(Random random) {
        List<Layer> branch = new ArrayList<>();
        List<Layer> shortcut = new ArrayList<>();
        for (int layer = random.nextInt(3); layer >= 0; layer--) {
            branch.add(random.nextInt(4) == 0 ? randomLayer(random) : LayerWords.CONV);
            if (random.nextInt(3) == 0) {
                shortcut.add(new Layer.Relu());
            }
        }
        return new Layer.Residual(branch, shortcut);
    }
}

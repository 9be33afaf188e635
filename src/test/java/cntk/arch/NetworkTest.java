package cntk.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NetworkTest {
    private static final ImageShape CIFAR = new ImageShape(3, 32, 32);

    @Test
    void aNetworkHasSpatialLayersAReadoutAndAHead() {
        Network network = network("(conv relu)x3 gap dense relu dense", CIFAR);
        assertThat(network.spatialLayers()).hasSize(6);
        assertThat(network.readout()).isEqualTo(Readout.GLOBAL_AVERAGE_POOL);
        assertThat(network.headLayers()).hasSize(3);
        assertThat(network.before(6)).hasToString("32x32");
        assertThat(network.after(6)).hasToString("1x1");
        assertThat(network.trainedLayers()).isEqualTo(5);
        assertThat(network.hasBias()).isFalse();
    }

    @Test
    void gapReadsAllPlanesAndFlattenOne() {
        Network gap = network("(conv relu)x10 gap dense", CIFAR);
        assertThat(gap.planes()).isEqualTo(new PlaneDemand(31, 31));
        assertThat(gap.planes().torusPlanes(CIFAR)).isEqualTo(1024);
        assertThat(gap.entriesPerPair()).isEqualTo(1024L * 1024);
        assertThat(gap.elementLayers()).isEqualTo(1024L * 1024 * 10);
        Network flatten = network("(conv relu)x20 flatten dense", CIFAR);
        assertThat(flatten.planes().onlyEqualPixels()).isTrue();
        assertThat(flatten.elementLayers()).isEqualTo(1024L * 20);
        assertThat(new PlaneDemand(8, 8).torusPlanes(CIFAR)).isEqualTo(17 * 17);
    }

    @Test
    void onePixelNeedsNoFlatten() {
        ImageShape vectors = new ImageShape(10, 1, 1);
        Network dense = network("dense relu dense", vectors);
        assertThat(dense.spatialLayers()).isEmpty();
        assertThat(dense.readout()).isEqualTo(Readout.FLATTEN);
        assertThat(dense.headLayers()).hasSize(3);
        Network conv = network("conv relu", vectors);
        assertThat(conv.spatialLayers()).hasSize(2);
        assertThat(conv.headLayers()).isEmpty();
        assertThat(network("conv flatten relu dense", vectors).headLayers()).hasSize(2);
        assertThat(network("conv relu gap", vectors).planes().onlyEqualPixels()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                conv relu               | ends with an image of 32x32 | gap
                conv relu dense         | layer 3 'dense' needs one position | put 'gap' or 'flatten' before it
                conv gap conv           | layer 3 'conv' needs an image, but layer 2 'gap' | move it
                conv gap flatten        | layer 3 'flatten' needs an image | move it
                flatten dense gap       | layer 3 'gap' needs an image, but layer 1 'flatten' | move it
                relu gap                | layer 1 'relu' acts on sums over weights, but stands behind the input | conv
                conv relu relu gap      | layer 3 'relu' | put a 'conv' before it
                conv flatten relu dense | layer 3 'relu' | put a 'dense' before it
                conv relu gap relu      | layer 4 'relu' | put a 'dense' before it
                conv relu gap erf       | layer 4 'erf' acts on sums over weights | put a 'dense' before it
                conv (relu avgpool)x2   | layer 4 'relu' | put a 'conv' before it
                (avgpool)x6 gap         | layer 6 'avgpool' has a window of 2x2, larger than the image of 1x1 | smaller window
                avgpool(k=33) gap       | layer 1 'avgpool(k=33)' has a window of 33x33, larger than the image of 32x32 | 'gap'
                conv relu lap(c=16,pad=circular) flatten | layer 3 'lap(c=16,pad=circular)' has a window of 33x33, larger than the image | smaller
                (conv(k=7,pad=valid))x6 gap | layer 6 'conv(k=7,pad=valid)' has a window of 7x7, but stands on an image of 2x2 | pad=zero
                conv(pad=valid,k=1) avgpool(k=4,stride=1) conv(stride=2,pad=valid) gap | layer 3 'conv(stride=2,pad=valid)' has stride 2 and pad=valid, but stands on an image of 29x29 | pad=zero
                avgpool(k=4,stride=1) conv(stride=2,pad=circular) gap | layer 2 'conv(stride=2,pad=circular)' has stride 2 and pad=circular | pad=zero
                avgpool(k=3,stride=3,pad=circular) gap | layer 1 'avgpool(k=3,stride=3,pad=circular)' has stride 3 and pad=circular | pad=valid
                conv gap avgpool        | layer 3 'avgpool' needs an image, but layer 2 'gap' | move it
                residual(conv) gap      | layer 1 'residual(conv)' adds the 3 channels of the input to infinitely many | put a 'conv'
                conv residual(relu) gap | layer 2 'residual(relu)' adds two ways that go together | end in 'conv'
                conv residual(avgpool(k=1,stride=1)) gap | adds two ways that go together | end in 'conv'
                conv residual(residual(conv)) gap | layer 2 'residual(residual(conv))' adds two ways that go together | end in 'conv'
                conv residual(conv relu) gap | adds two ways that go together | end in 'conv'
                conv residual(conv(stride=2)) gap | layer 2 'residual(conv(stride=2))' adds 16x16 pixels to 32x32 | same strides
                conv residual(conv gap) | layer 2, branch layer 2 'gap' cannot stand inside of residual | behind
                conv residual(dense) gap | layer 2, branch layer 1 'dense' needs one position | before the residual layer
                conv relu residual(erf conv) gap | layer 3, branch layer 1 'erf' acts on sums over weights | put a 'conv'
                conv relu residual(conv) relu gap | layer 4 'relu' acts on sums over weights | put a 'conv'
                conv residual(conv avgpool(k=40)) gap | layer 2, branch layer 2 'avgpool(k=40)' has a window of 40x40 | smaller
                """)
    void anErrorNamesTheLayerAndTheRemedy(String text, String what, String hint) {
        assertThatThrownBy(() -> network(text, CIFAR))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(what)
                .hasMessageContaining(hint);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
                conv(k=7,pad=valid) gap                 ; 26x26
                conv(stride=2,pad=valid) gap            ; 15x15
                conv(stride=2) gap                      ; 16x16
                conv(stride=2,pad=circular) gap         ; 16x16
                avgpool(k=3,stride=2) gap               ; 15x15
                avgpool(k=3,stride=2,pad=zero) gap      ; 16x16
                avgpool(k=5,stride=5) gap               ; 6x6
                avgpool(k=5,stride=5,pad=zero) gap      ; 7x7
                lap(c=15) gap                           ; 32x32
                conv residual(conv(stride=2) | avgpool conv) gap ; 16x16
                """)
    void layersChangeTheSize(String text, String extent) {
        Network network = network(text, CIFAR);
        assertThat(network.readoutExtent()).hasToString(extent);
        assertThat(network.before(network.layers().size() - 1)).hasToString(extent);
    }

    @Test
    void sumsThatAreMeaningfulAreTaken() {
        for (String text : List.of(
                "conv relu residual(conv) conv relu gap",
                "conv residual(relu conv) relu gap",
                "conv residual(relu | conv) conv gap",
                "conv residual(conv residual(conv)) relu gap",
                "residual(conv | conv(k=1)) relu gap",
                "conv residual(conv avgpool | avgpool) relu gap",
                "flatten dense residual(relu dense) relu dense",
                "conv residual(residual(conv) relu conv) relu gap")) {
            assertThat(network(text, CIFAR).layers()).as(text).isNotEmpty();
        }
    }

    @Test
    void pooledNetworksReadDisplacedPlanesBeforePoolingOnly() {
        Network pooled = network("conv relu avgpool conv relu avgpool conv relu flatten dense", CIFAR);
        assertThat(pooled.planes()).isEqualTo(new PlaneDemand(3, 3));
        assertThat(pooled.spatial().get(3).reads()).isEqualTo(new PlaneDemand(1, 1));
        assertThat(pooled.spatial().get(6).reads()).isEqualTo(PlaneDemand.TRACE);
        assertThat(pooled.variances()).hasSize(8);
        Network lap = network("enhanced(depth=11,c=4)", CIFAR);
        assertThat(lap.planes()).isEqualTo(new PlaneDemand(8, 8));
        assertThat(lap.entriesPerPair()).isEqualTo(17 * 17 * 1024);
        assertThat(lap.variances()).hasSize(22);
        assertThat(lap.variances().getFirst().reads().onlyEqualPixels()).isTrue();
        Network strided = network("conv(stride=2) relu conv(stride=2) relu gap dense", CIFAR);
        assertThat(strided.planes()).isEqualTo(new PlaneDemand(28, 28, 4));
        assertThat(strided.planes().torusPlanes(CIFAR)).isEqualTo(64);
        assertThat(network("conv(stride=2) relu flatten", CIFAR).planes()).isEqualTo(PlaneDemand.TRACE);
        Network residual = network("conv residual(relu avgpool(k=3,stride=1,pad=zero) conv) flatten", CIFAR);
        assertThat(residual.planes()).isEqualTo(new PlaneDemand(2, 2));
        assertThat(residual.elementLayers()).isEqualTo(25 * 1024 + 1024);
    }

    @Test
    void normalisedKernelsHaveNoTangent() {
        assertThat(network("conv gaussian gap", CIFAR).layerWithoutTangent()).contains("layer 2 'gaussian'");
        assertThat(network("myrtle5(style=shankar)", CIFAR).layerWithoutTangent())
                .contains("layer 12 'reluproject'");
        assertThat(network("conv residual(gaussian conv) gap", CIFAR).layerWithoutTangent())
                .contains("layer 2, branch layer 1 'gaussian'");
        assertThat(network("conv gelu conv rbf conv sin conv abs conv leakyrelu conv erf gap", CIFAR)
                        .layerWithoutTangent())
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"1,1", "96,96", "1,96", "7,5"})
    void everySizeUpTo96IsTaken(int height, int width) {
        assertThat(network("conv relu gap", new ImageShape(5, height, width)).input())
                .isEqualTo(new ImageShape(5, height, width));
    }

    @Test
    void largerImagesAreRefused() {
        assertThatThrownBy(() -> network("conv gap", new ImageShape(1, 97, 1)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("97x1")
                .hasMessageContaining("96x96");
    }

    @Test
    void theTableShowsEveryLayerItsCostAndTheId() {
        Network network = network("cntk(depth=11)", CIFAR);
        String table = String.join("\n", NetworkTable.lines(network));
        assertThat(table)
                .contains("1  conv(w=5.196152422706632,train=false)")
                .contains("1,048,576")
                .contains("10,485,760 per pair")
                .contains(network.architecture().text())
                .contains(network.architecture().id());
    }

    private static Network network(String text, ImageShape shape) {
        return ArchitectureParser.network(text, shape);
    }
}

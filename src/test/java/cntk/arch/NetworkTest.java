package cntk.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
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
                """)
    void anErrorNamesTheLayerAndTheRemedy(String text, String what, String hint) {
        assertThatThrownBy(() -> network(text, CIFAR))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(what)
                .hasMessageContaining(hint);
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

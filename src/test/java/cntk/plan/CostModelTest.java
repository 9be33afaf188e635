package cntk.plan;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.dataset.ImageShape;
import org.junit.jupiter.api.Test;

class CostModelTest {
    private static Network network(String text) {
        return ArchitectureParser.network(text, new ImageShape(3, 32, 32));
    }

    @Test
    void aGapPairOfElevenLayersTakesSomeMilliseconds() {
        assertThat(CostModel.nanosPerPair(network("cntk(depth=11,readout=gap)"), Precision.F32))
                .isBetween(3e6, 12e6);
    }

    @Test
    void flattenReadsOnePlaneOfAThousand() {
        double gap = CostModel.nanosPerPair(network("cntk(depth=11,readout=gap)"), Precision.F32);
        double flatten = CostModel.nanosPerPair(network("cntk(depth=11,readout=flatten)"), Precision.F32);
        assertThat(gap / flatten).isBetween(500.0, 1024.0);
    }

    @Test
    void doublesAndTheOracleCostMore() {
        Network network = network("cntk(depth=4,readout=gap)");
        double f32 = CostModel.nanosPerPair(network, Precision.F32);
        assertThat(CostModel.nanosPerPair(network, Precision.F64)).isGreaterThan(f32);
        assertThat(CostModel.oracleNanosPerPair(network)).isGreaterThan(10 * f32);
    }

    @Test
    void networksWithoutConvolutionsCostSomethingToo() {
        assertThat(CostModel.nanosPerPair(network("flatten"), Precision.F32)).isPositive();
        assertThat(CostModel.nanosPerPair(network("conv relu conv relu gap"), Precision.F32))
                .isGreaterThan(CostModel.nanosPerPair(network("conv gap"), Precision.F32));
    }
}

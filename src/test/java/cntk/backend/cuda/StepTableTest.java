package cntk.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.dataset.ImageShape;
import cntk.plan.PlaneProgram;
import cntk.plan.Precision;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the kernels are handed, field by field as kernels-cuda/common/program.cuh has it. */
class StepTableTest {
    private static final ImageShape SMALL = new ImageShape(2, 4, 4);

    private static PlaneProgram program(String text, ImageShape shape) {
        Network network = ArchitectureParser.network(text, shape);
        return PlaneProgram.of(List.of(network), Precision.F32, 1);
    }

    private static ByteBuffer step(SegmentTable segment, int index) {
        return ByteBuffer.wrap(segment.steps())
                .order(ByteOrder.LITTLE_ENDIAN)
                .slice(index * StepEncoder.STEP_BYTES, StepEncoder.STEP_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    private static List<Integer> ops(SegmentTable segment) {
        return IntStream.range(0, segment.steps().length / StepEncoder.STEP_BYTES)
                .mapToObj(index -> step(segment, index).getInt(0))
                .toList();
    }

    @Test
    void segmentsJoinedByAPoolLayerSendLoadAndRead() {
        StepTable table = StepTable.of(program("conv relu avgpool conv relu gap dense", SMALL), 2);
        assertThat(table.segments()).hasSize(2);
        assertThat(ops(table.segments().getFirst())).containsExactly(0, 1, 6); // input, convolve, send
        assertThat(ops(table.segments().getLast())).containsExactly(5, 1, 10); // load, convolve, read
        assertThat(table.segments().getLast().readouts()).isEqualTo(1);
    }

    @Test
    void recordHoldsPixelsAndThenTheDeviationsOfEveryActivation() {
        StepTable table = StepTable.of(program("conv relu avgpool conv relu gap dense", SMALL), 2);
        assertThat(table.pixelNumbers()).isEqualTo(32);
        assertThat(table.recordStride()).isEqualTo(32 + 16 + 4);
        assertThat(step(table.segments().getFirst(), 1).getLong(16)).isEqualTo(32);
        assertThat(step(table.segments().getLast(), 1).getLong(16)).isEqualTo(32 + 16);
    }

    @Test
    void arenaHoldsWhatIsSentHeldAndDeliveredOneBehindTheOther() {
        StepTable table = StepTable.of(program("conv relu avgpool conv relu gap dense", SMALL), 2);
        ExchangeTable exchange = table.exchanges().getFirst();
        assertThat(exchange.rows().in()).isZero();
        assertThat(exchange.rows().inCount()).isEqualTo(16 * 16);
        assertThat(exchange.cols().in()).isEqualTo(exchange.rows().out()).isEqualTo(16 * 16);
        assertThat(exchange.cols().inCount())
                .isEqualTo(exchange.rows().outCount())
                .isEqualTo(2 * 2 * 4 * 4);
        assertThat(exchange.cols().outCount()).isEqualTo(4 * 4);
        assertThat(table.arenaStride()).isEqualTo(256 + 64 + 16);
        assertThat(step(table.segments().getFirst(), 2).getLong(16)).isZero();
        assertThat(step(table.segments().getLast(), 0).getLong(16)).isEqualTo(256 + 64);
    }

    @Test
    void convolutionCarriesRadiusFlagsAndBiases() {
        PlaneProgram program = program("conv(k=5,b=0.5,pad=circular) relu conv(train=false,b=0.5) relu gap", SMALL);
        SegmentTable segment = StepTable.of(program, 2).segments().getFirst();
        ByteBuffer first = step(segment, 1);
        assertThat(first.getInt(4)).isEqualTo(2);
        assertThat(first.getInt(8)).isEqualTo(StepEncoder.CIRCULAR | StepEncoder.TANGENT | StepEncoder.WITH_RELU);
        assertThat(first.getDouble(24)).isPositive().isEqualTo(first.getDouble(32));
        ByteBuffer frozen = step(segment, 2);
        assertThat(frozen.getInt(8)).isEqualTo(StepEncoder.WITH_RELU);
        assertThat(frozen.getDouble(24)).isPositive();
        assertThat(frozen.getDouble(32)).isZero();
    }

    @Test
    void flattenReadBesideGapIsWeightedBecauseMorePlanesAreComputedThanItReads() {
        Network gap = ArchitectureParser.network("conv relu gap", SMALL);
        Network flatten = ArchitectureParser.network("conv relu flatten", SMALL);
        PlaneProgram program = PlaneProgram.of(List.of(gap, flatten), Precision.F32, 1);
        SegmentTable segment = StepTable.of(program, 2).segments().getFirst();
        List<Integer> flags = new ArrayList<>();
        for (int index = 0; index < ops(segment).size(); index++) {
            if (step(segment, index).getInt(0) == 10) {
                flags.add(step(segment, index).getInt(8));
            }
        }
        assertThat(flags).containsExactlyInAnyOrder(StepEncoder.PLAIN, 0);
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1,64", "8,8,8,8,4", "32,32,32,8,1", "96,96,96,2,1", "4,18,18,4,3"})
    void blocksHaveAtMost256Threads(int height, int width, int x, int y, int z) {
        SegmentTable segment = new SegmentTable(height, width, new int[] {0}, new int[] {0}, 0, 0, 0, new byte[0]);
        assertThat(segment.block()).containsExactly(x, y, z);
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 16, 32})
    void everyPlaneHasExactlyOneSlotAndBlocksHaveOneRowDisplacementAndOneParity(int side) {
        PlaneProgram program = program("conv relu conv relu gap", new ImageShape(1, side, side));
        StepTable table = StepTable.of(program, 1);
        ReluRun run = ReluRun.of(table, program, 1, 0).orElseThrow();
        PlaneSlots slots = PlaneSlots.of(run, table.segments().getFirst());
        ByteBuffer bytes = ByteBuffer.wrap(slots.slots()).order(ByteOrder.LITTLE_ENDIAN);
        int perBlock = slots.slots().length / PlaneSlots.SLOT_BYTES / slots.blocks();
        List<Integer> ranks = new ArrayList<>();
        for (int slot = 0; slot < slots.blocks() * perBlock; slot++) {
            int at = slot * PlaneSlots.SLOT_BYTES;
            int first = slot / perBlock * perBlock * PlaneSlots.SLOT_BYTES;
            assertThat(bytes.getShort(at)).isEqualTo(bytes.getShort(first));
            assertThat(bytes.getShort(at + 2) % 2).isEqualTo(bytes.getShort(first + 2) % 2);
            ranks.add(bytes.getInt(at + 4));
        }
        ranks.removeIf(rank -> rank < 0);
        assertThat(ranks)
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, side * side).boxed().toList());
    }

    @Test
    void multipleOfARunGrowsByPiALayerAndFallsEverySixteen() {
        PlaneProgram program = program("(conv(w=0.5) relu)x20 flatten", new ImageShape(1, 8, 8));
        ReluRun run = ReluRun.of(StepTable.of(program, 1), program, 1, 0).orElseThrow();
        double pi = 3.14159274f;
        assertThat(run.multiples()[0]).isEqualTo(1);
        assertThat(run.multiples()[10])
                .isCloseTo(Math.pow(pi, 10), org.assertj.core.data.Percentage.withPercentage(1e-9));
        assertThat(run.multiples()[16]).isEqualTo(run.multiples()[15] * pi * 0x1p-77);
        assertThat(run.readLayers()).isEqualTo(1L << 19);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "conv(k=5) relu gap",
                "conv erf gap",
                "conv relu conv gap",
                "conv residual(relu conv) relu gap",
                "conv relu lap(c=1) gap",
                "gap"
            })
    void otherNetworksAreNoRun(String text) {
        PlaneProgram program = program(text, new ImageShape(1, 8, 8));
        assertThat(ReluRun.of(StepTable.of(program, 1), program, 1, 0)).isEmpty();
    }

    @Test
    void otherSizesAreNoRun() {
        PlaneProgram program = program("conv relu gap", new ImageShape(1, 12, 12));
        assertThat(ReluRun.of(StepTable.of(program, 1), program, 1, 0)).isEmpty();
    }
}

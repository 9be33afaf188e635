package cntk.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.arch.ArchitectureParser;
import cntk.backend.cpu.LaneTables.Lanes;
import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import cntk.plan.Exchange;
import cntk.plan.PlaneProgram;
import cntk.plan.Precision;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Memory is counted before it is taken: planes that meet, and the rows on their way to them. */
class TensorBytesTest {
    private static PlaneProgram program(String network, int height, int width, Precision precision) {
        ImageShape shape = new ImageShape(3, height, width);
        return PlaneProgram.of(List.of(ArchitectureParser.network(network, shape)), precision, 1);
    }

    @ParameterizedTest(name = "{0} on {1}x{2}")
    @CsvSource({
        "myrtle5, 32, 32",
        "myrtle10, 32, 32",
        "conv relu avgpool(3;stride=2) conv relu gap dense, 17, 33",
        "conv relu avgpool conv(stride=2) relu gap dense, 20, 48",
        "conv relu avgpool(4) conv relu lap(1) flatten dense, 32, 16",
        "conv relu avgpool conv relu flatten dense, 8, 8",
    })
    void bytesThatAreCountedAreThoseThatAreTaken(String network, int height, int width) {
        for (Precision precision : Precision.values()) {
            PlaneProgram program = program(network.replace(';', ','), height, width, precision);
            for (Lanes kind : Lanes.values()) {
                long taken = Arrays.stream(PlaneTensor.of(program, precision, kind))
                        .mapToLong(tensor -> tensor.bytes(precision))
                        .sum();
                assertThat(PlaneTensor.bytes(program, precision, kind)[1])
                        .as("%s, lanes are %s", precision, kind)
                        .isPositive()
                        .isEqualTo(taken);
            }
        }
    }

    @Test
    void aHeapWithoutRoomForTheRowsOnTheirWayIsRefused() {
        PlaneProgram program = program("myrtle5", 32, 32, Precision.F32);
        Lanes kind = PairSums.lanes(program, Precision.F32);
        assertThat(kind).isEqualTo(Lanes.DISPLACEMENTS);
        long pools = 0;
        for (Exchange exchange : program.tensors()) {
            pools += RowPool.bytes(
                    exchange.rows(),
                    exchange.cols(),
                    program.segments().get(exchange.to()).rows(),
                    Precision.F32);
        }
        long all = PlaneTensor.bytes(program, Precision.F32, kind)[1]
                + PlaneTensor.bytes(program, Precision.F64, Lanes.IMAGES)[1];
        long heap = 2 * (all / 9 + 1) * 10; // nine tenths of it hold the planes of two threads
        assertThat(pools).isGreaterThan(100_000);
        assertThatCode(() -> CpuBackend.checkMemory(program, Precision.F32, 2, heap))
                .doesNotThrowAnyException();
        long tooSmall = heap - 2 * pools;
        assertThatThrownBy(() -> CpuBackend.checkMemory(program, Precision.F32, 2, tooSmall))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("planes that meet");
    }
}

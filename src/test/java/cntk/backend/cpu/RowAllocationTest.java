package cntk.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.arch.Layer;
import cntk.plan.PlaneStep;
import cntk.plan.Precision;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** C2 boxes every vector of a loop that it gives up on: then rows allocate, and take a hundred times as long. */
@Isolated("what a loop allocates is measured after the JIT has had its time")
class RowAllocationTest {
    private static final int WIDTH = 32;
    private static final int ROWS = 2000;
    private static final double MOST_SECONDS = 100;

    static Stream<Layer.Nonlinearity> functions() {
        return Stream.of(
                new Layer.Erf(),
                new Layer.Gelu(),
                new Layer.LeakyRelu(0.2),
                new Layer.Abs(),
                new Layer.Sin(),
                new Layer.Rbf(0.5),
                new Layer.Gaussian(1),
                new Layer.ReluProject());
    }

    @ParameterizedTest
    @MethodSource("functions")
    void warmRowsAllocateNothing(Layer.Nonlinearity function) {
        for (Precision precision : List.of(Precision.F32, Precision.F64)) {
            PlaneRows rows = PlaneRows.of(precision, 3, WIDTH, 1, 1);
            PlaneRows.Factors factors = new PlaneRows.Factors(rows.cells());
            int lanes = PlaneRows.lanes(precision);
            factors.lanes = Cells.of(precision, 2 * WIDTH * lanes);
            factors.image = Cells.of(precision, 2 * WIDTH);
            factors.columnStep = 2 * lanes;
            factors.inverseOffset = lanes;
            PlaneStep.Nonlinear step = new PlaneStep.Nonlinear(function, 1, 1);
            PlaneLayout layout = rows.layout;
            int[] window = {layout.slot(2), layout.slot(1), layout.slot(3)};
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            assertThat(threads.isThreadAllocatedMemoryEnabled()).isTrue();
            long begin = System.nanoTime();
            long bytes = Long.MAX_VALUE;
            while (bytes > 0 && (System.nanoTime() - begin) * 1e-9 < MOST_SECONDS) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int row = 0; row < ROWS; row++) {
                    rows.windowSums(window, 1, null, factors, true);
                    rows.apply(step, layout.slot(1), factors);
                }
                bytes = threads.getCurrentThreadAllocatedBytes() - before;
            }
            assertThat(bytes).as("%s %s", function, precision).isZero();
        }
    }
}

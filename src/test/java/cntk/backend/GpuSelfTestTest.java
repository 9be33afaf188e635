package cntk.backend;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.backend.cpu.CpuBackend;
import cntk.dataset.ImageSet;
import cntk.dataset.ImageShape;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import cntk.plan.Tile;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** The self-test of a GPU, held to the CPU backend behind the same interface: right, and wrong in ways that must show. */
class GpuSelfTestTest {
    private static final BackendStarter CPU = (task, precision) -> new CpuBackend(task, precision, 1);

    /** Changes what a worker computes. */
    private interface Change {
        void apply(Tile tile, double[] out);
    }

    @Test
    void rightBackendPassesEveryCheckUpTo16PixelsAndSkipsTheRest() throws InterruptedException {
        GpuSelfTest test = new GpuSelfTest(CPU, 16);
        List<SelfCheck> golden = test.goldenValues();
        assertThat(golden).hasSize(2 * GoldenKernel.NAMES.size());
        assertThat(golden).noneMatch(SelfCheck::failed);
        assertThat(golden.stream().filter(check -> check.outcome() == SelfCheck.Outcome.SKIPPED))
                .hasSize(6)
                .allMatch(check -> check.name().contains("32x32"));
        for (List<SelfCheck> checks : List.of(test.determinism(), test.againstCpu())) {
            assertThat(checks).hasSize(8).allMatch(check -> check.outcome() == SelfCheck.Outcome.PASSED);
        }
    }

    @Test
    void errorOfThreeMillionthsFailsTheGoldenValuesAndTheComparison() throws InterruptedException {
        GpuSelfTest test = new GpuSelfTest(changed((_, out) -> out[out.length - 1] *= 1 + 3e-6), 8);
        assertThat(test.goldenValues())
                .filteredOn(check -> check.outcome() != SelfCheck.Outcome.SKIPPED)
                .isNotEmpty()
                .allMatch(SelfCheck::failed);
        assertThat(test.againstCpu()).allMatch(SelfCheck::failed);
    }

    @Test
    void bitThatDependsOnTheTileFailsDeterminism() throws InterruptedException {
        GpuSelfTest test =
                new GpuSelfTest(changed((tile, out) -> out[0] = tile.entries() == 1 ? Math.nextUp(out[0]) : out[0]), 8);
        assertThat(test.determinism()).allSatisfy(check -> {
            assertThat(check.failed()).isTrue();
            assertThat(check.detail())
                    .contains("a second run the same", "tiles of one pair OTHER BITS", "3 x 3 the same");
        });
    }

    @Test
    void notANumberFailsEverywhere() throws InterruptedException {
        GpuSelfTest test = new GpuSelfTest(changed((_, out) -> out[0] = Double.NaN), 8);
        assertThat(test.determinism()).allMatch(SelfCheck::failed);
        assertThat(test.againstCpu()).allMatch(SelfCheck::failed);
    }

    @Test
    void backendThatCannotStartFailsEachCheckWithItsReason() throws InterruptedException {
        GpuSelfTest test = new GpuSelfTest(
                (_, _) -> {
                    throw new BackendUnavailableException("no such device");
                },
                8);
        assertThat(test.determinism()).hasSize(8).allSatisfy(check -> {
            assertThat(check.failed()).isTrue();
            assertThat(check.detail()).isEqualTo("no such device");
        });
    }

    @Test
    void timeAboveThePeakOrFarBelowItIsNoTime() {
        Network network = ArchitectureParser.network("(conv relu)x4 gap dense", new ImageShape(3, 8, 8));
        double[] second = {1};
        GpuBenchmark.Result result = new GpuBenchmark.Result(network, 1, Precision.F32, "test", 1, second, 1, 1, 1e-7);
        double operations = 20.0 * network.elementLayers();
        assertThat(GpuSelfTest.timing(result, OptionalDouble.of(operations * 2)).failed())
                .isFalse();
        assertThat(GpuSelfTest.timing(result, OptionalDouble.of(operations / 2)).failed())
                .isTrue();
        assertThat(GpuSelfTest.timing(result, OptionalDouble.of(operations * 50))
                        .failed())
                .isTrue();
        assertThat(GpuSelfTest.timing(result, OptionalDouble.empty()).failed()).isFalse();
        GpuBenchmark.Result wrong = new GpuBenchmark.Result(network, 1, Precision.F32, "test", 1, second, 1, 1, 1e-4);
        assertThat(GpuSelfTest.timing(wrong, OptionalDouble.empty()).failed()).isTrue();
    }

    @Test
    void benchmarkTimesEveryRepeatAndComparesThePairsOfTheCorner() throws InterruptedException {
        KernelTask task = KernelTask.of(
                ArchitectureParser.network("(conv relu)x2 flatten dense", new ImageShape(1, 6, 6)),
                cntk.plan.KernelKind.NTK);
        GpuBenchmark.Stopwatch watch = new GpuBenchmark.Stopwatch() {
            private double seconds;

            @Override
            public void start() {
                seconds += 7 * 9;
            }

            @Override
            public double seconds() {
                return seconds;
            }
        };
        GpuBenchmark.Load load = new GpuBenchmark.Load(7, 9, 3, 0, 2, 4);
        GpuBenchmark.Result result = new GpuBenchmark(task, Precision.F64, CPU, watch).run(load);
        assertThat(result.secondsPerPair()).containsExactly(1, 2, 3);
        assertThat(result.medianSecondsPerPair()).isEqualTo(2);
        assertThat(result.pairsPerRepeat()).isEqualTo(63);
        assertThat(result.cpuPairs()).isEqualTo(8);
        assertThat(result.largestDifference()).isZero();
        assertThat(result.cpuSecondsPerPair()).isPositive();
        BackendStarter off = changed((tile, out) -> out[tile.cols() + 3] *= 1.25); // row 1, column 3: in the corner
        assertThat(new GpuBenchmark(task, Precision.F64, off, watch).run(load).largestDifference())
                .isEqualTo(0.25);
        assertThat(result.peakShare(OptionalDouble.of(1e9))).isEmpty(); // double
    }

    private static BackendStarter changed(Change change) {
        return (task, precision) -> {
            KernelBackend right = CPU.start(task, precision);
            UnaryOperator<TileBackend> wrong = worker -> new TileBackend() {
                @Override
                public String name() {
                    return worker.name();
                }

                @Override
                public void compute(Tile tile, double[] out) throws InterruptedException {
                    worker.compute(tile, out);
                    change.apply(tile, out);
                }

                @Override
                public void close() {
                    worker.close();
                }
            };
            return new KernelBackend() {
                @Override
                public String name() {
                    return "changed";
                }

                @Override
                public String description() {
                    return "changed";
                }

                @Override
                public List<TileBackend> open(ImageSet rows, ImageSet cols) {
                    return right.open(rows, cols).stream().map(wrong).toList();
                }

                @Override
                public void close() {
                    right.close();
                }
            };
        };
    }
}

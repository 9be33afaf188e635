package cntk.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.arch.ArchitectureJson;
import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.backend.KernelBackend;
import cntk.backend.OracleBackend;
import cntk.dataset.ImageSet;
import cntk.dataset.ImageShape;
import cntk.plan.KernelKind;
import cntk.plan.KernelTask;
import cntk.plan.PlaneProgram;
import cntk.plan.Precision;
import cntk.plan.Tile;
import cntk.support.BriefGolden;
import cntk.support.CoveredGolden;
import cntk.support.GoldenCase;
import cntk.support.RandomImages;
import cntk.support.VirtualGpu;
import cntk.support.VirtualGpuTest;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The general kernel and those on registers, each by itself, against golden files and the oracle. What a backend does with both is
 * held by its contract.
 */
@VirtualGpuTest
class PlaneKernelsTest {
    private static final CudaLimits REGISTERS = CudaLimits.USUAL;
    private static final CudaLimits GENERAL =
            new CudaLimits(REGISTERS.bytes(), REGISTERS.pairs(), REGISTERS.block(), false);

    /** Of the golden files those that the kernels on registers would take over. */
    static Stream<GoldenCase> goldenOnRegisters() {
        return BriefGolden.all().stream()
                .filter(golden -> !BriefGolden.isLong(golden) && runsOnRegisters(network(golden)));
    }

    @ParameterizedTest
    @MethodSource("goldenOnRegisters")
    void goldenFileAgreesOnTheGeneralKernelToo(GoldenCase golden) throws InterruptedException {
        KernelKind kind = golden.matrixOf("ntk").isPresent() ? KernelKind.NTK : KernelKind.NNGP;
        double[] expected = Arrays.stream(golden.matrixOf(kind.word()).orElseThrow())
                .flatMapToDouble(Arrays::stream)
                .toArray();
        KernelTask task = KernelTask.of(network(golden), kind);
        double[] actual = compute(task, Precision.F32, GENERAL, golden.x1(), golden.columns());
        assertThat(worst(actual, expected, Precision.F32)).isLessThanOrEqualTo(CoveredGolden.f32Tolerance(golden));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(conv(b=0.2) relu)x3 gap dense",
                "(conv(b=0.1,pad=circular) relu)x3 gap dense",
                "(conv relu)x2 (conv(train=false,b=0.3) relu)x2 gap dense",
                "(conv(train=false,b=0.3) relu)x2 flatten dense",
                "(conv(b=0.2) relu)x20 flatten dense",
                "conv relu avgpool (conv relu)x2 avgpool conv(b=0.1) relu gap dense",
                "conv relu avgpool(k=3,stride=1,pad=zero) conv relu flatten dense"
            })
    void runOnRegistersAgreesWithTheOracle(String text) throws InterruptedException {
        for (ImageShape shape :
                List.of(new ImageShape(3, 8, 8), new ImageShape(2, 16, 16), new ImageShape(1, 32, 32))) {
            if (shape.height() == 32 && !text.contains("flatten dense") && !text.contains("b=0.2")) {
                continue; // the oracle takes seconds a pair
            }
            assertThat(runsOnRegisters(ArchitectureParser.network(text, shape))).isTrue();
            agreesWithTheOracle(text, shape, Precision.F32);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "conv relu avgpool conv relu gap dense",
                "avgpool conv relu flatten dense relu dense",
                "conv relu avgpool(k=3,stride=2) conv relu gap dense relu dense(b=0.1)",
                "conv relu avgpool(k=3,stride=1,pad=circular) conv relu flatten dense",
                "conv relu conv(stride=2) relu conv(stride=2,b=0.1) relu gap dense",
                "conv(k=7) relu conv(k=5,pad=valid) relu flatten dense",
                "conv(pad=valid) relu conv(pad=valid,train=false) relu gap dense",
                "(conv relu)x3 lap(c=2) flatten dense",
                "conv relu lap(c=1,pad=circular) conv relu gap dense",
                "conv erf conv gelu conv sin gap dense",
                "conv rbf(gamma=0.5) conv leakyrelu(a=0.2) avgpool conv abs flatten dense",
                "conv residual(relu conv(b=0.2) residual(relu conv)) relu conv flatten dense",
                "conv(train=false) relu avgpool conv(train=false) relu gap dense relu dense(b=0.1)",
                "resnet(blocks=2)"
            })
    void networkOfAnyKindAgreesWithTheOracle(String text) throws InterruptedException {
        for (ImageShape shape : List.of(new ImageShape(2, 8, 8), new ImageShape(3, 9, 12))) {
            for (Precision precision : Precision.values()) {
                agreesWithTheOracle(text, shape, precision);
            }
        }
    }

    private static void agreesWithTheOracle(String text, ImageShape shape, Precision precision)
            throws InterruptedException {
        ImageSet images = RandomImages.of(3, shape, 41);
        for (KernelKind kind : KernelKind.values()) {
            KernelTask task = KernelTask.of(ArchitectureParser.network(text, shape), kind);
            double[] exact;
            try (KernelBackend oracle = new OracleBackend(task, 1)) {
                exact = compute(oracle, images, images);
            }
            assertThat(worst(compute(task, precision, REGISTERS, images, images), exact, precision))
                    .as("%s %s %s %s", text, shape, precision, kind)
                    .isLessThanOrEqualTo(precision == Precision.F32 ? 1e-6 : 1e-12);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "conv relu avgpool conv(b=0.1) relu conv relu gap dense",
                "conv relu avgpool conv residual(relu conv) relu gap dense",
                "(conv relu)x3 flatten dense"
            })
    void bitsDoNotDependOnTheOrderOfThreads(String text) throws InterruptedException {
        ImageShape shape = new ImageShape(2, 16, 16);
        ImageSet images = RandomImages.of(3, shape, 5);
        KernelTask task = KernelTask.of(ArchitectureParser.network(text, shape), KernelKind.NTK);
        for (CudaLimits limits : List.of(REGISTERS, GENERAL)) {
            VirtualGpu.schedule("forward");
            double[] forward = compute(task, Precision.F32, limits, images, images);
            for (String order : List.of("reverse", "random", "random")) {
                VirtualGpu.schedule(order);
                assertThat(compute(task, Precision.F32, limits, images, images))
                        .as("%s %s", order, limits)
                        .containsExactly(forward);
            }
        }
    }

    private static Network network(GoldenCase golden) {
        return Network.of(ArchitectureJson.parse(golden.archJson(), golden.name()), golden.shape());
    }

    private static boolean runsOnRegisters(Network network) {
        int channels = network.input().channels();
        PlaneProgram program = PlaneProgram.of(List.of(network), Precision.F32, 1);
        StepTable table = StepTable.of(program, channels);
        return IntStream.range(0, program.segments().size())
                .anyMatch(
                        segment -> ReluRun.of(table, program, channels, segment).isPresent());
    }

    private static double[] compute(
            KernelTask task, Precision precision, CudaLimits limits, ImageSet rows, ImageSet cols)
            throws InterruptedException {
        try (CudaBackend backend =
                new CudaBackend(task, precision, CudaDriver.find().devices().subList(0, 1), limits)) {
            return compute(backend, rows, cols);
        }
    }

    private static double[] compute(KernelBackend backend, ImageSet rows, ImageSet cols) throws InterruptedException {
        double[] out = new double[rows.count() * cols.count()];
        backend.open(rows, cols).getFirst().compute(new Tile(0, 0, 0, rows.count(), 0, cols.count()), out);
        return out;
    }

    /**
     * Largest relative error. Sums that cancel count relative to a fiftieth of the largest entry in float: conv_depth1_linear_gap has an
     * entry at a 130th of it whose terms cancel to an 810th of their absolute sum; it errs by 1.2e-6, on the CPU too.
     */
    private static double worst(double[] actual, double[] exact, Precision precision) {
        double largest = Arrays.stream(exact).map(Math::abs).max().orElseThrow();
        double worst = 0;
        for (int e = 0; e < exact.length; e++) {
            assertThat(actual[e]).isFinite();
            double scale = Math.max(Math.abs(exact[e]), precision == Precision.F32 ? 0.02 * largest : 0);
            worst = actual[e] == exact[e] ? worst : Math.max(worst, Math.abs(actual[e] - exact[e]) / scale);
        }
        return worst;
    }
}

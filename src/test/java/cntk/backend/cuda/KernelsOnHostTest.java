package cntk.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import cntk.arch.ArchitectureJson;
import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.backend.KernelBackend;
import cntk.backend.LargestVariance;
import cntk.backend.OracleBackend;
import cntk.dataset.ImageSet;
import cntk.dataset.ImageShape;
import cntk.maths.HeadRecursion;
import cntk.maths.KernelPair;
import cntk.plan.KernelKind;
import cntk.plan.KernelTask;
import cntk.plan.PlaneProgram;
import cntk.plan.Precision;
import cntk.plan.Tile;
import cntk.support.BriefGolden;
import cntk.support.CoveredGolden;
import cntk.support.GoldenCase;
import cntk.support.RandomImages;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The general kernels against the golden files and the oracle, compiled for this machine by g++. */
class KernelsOnHostTest {
    @BeforeAll
    static void needsACompiler() {
        assumeTrue(HostKernels.canCompile(), "g++ is not on the PATH: the kernels were NOT checked on this machine");
    }

    static List<GoldenCase> golden() {
        return BriefGolden.all();
    }

    @ParameterizedTest
    @MethodSource("golden")
    void goldenFileAgrees(GoldenCase golden) {
        Network network = Network.of(ArchitectureJson.parse(golden.archJson(), golden.name()), golden.shape());
        for (Precision precision : Precision.values()) {
            Map<KernelKind, double[][]> actual =
                    matrices(network, precision, golden.x1(), golden.columns(), false, HostKernels.Order.ASCENDING);
            for (KernelKind kind : KernelKind.values()) {
                golden.matrixOf(kind.word()).ifPresent(expected -> {
                    assertThat(worst(flat(actual.get(kind)), flat(expected), precision))
                            .as("%s %s %s", golden.name(), precision, kind)
                            .isLessThanOrEqualTo(tolerance(golden, precision));
                });
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "arora_cntk_gap_depth11_32x32",
                "arora_cntk_gap_depth11_8x8",
                "arora_cntk_v_depth21_32x32",
                "arora_cntk_v_depth11_8x8",
                "conv_depth4_zero_gap_16x16",
                "conv_depth21_zero_flat_8x8_bias",
                "conv_depth10_circular_gap_8x8",
                "myrtle5_neural_tangents_32x32"
            })
    void goldenFileAgreesOnRegisters(String name) {
        GoldenCase golden = GoldenCase.load(name);
        Network network = Network.of(ArchitectureJson.parse(golden.archJson(), name), golden.shape());
        Map<KernelKind, double[][]> actual =
                matrices(network, Precision.F32, golden.x1(), golden.columns(), true, HostKernels.Order.ASCENDING);
        for (KernelKind kind : KernelKind.values()) {
            golden.matrixOf(kind.word())
                    .ifPresent(expected -> assertThat(worst(flat(actual.get(kind)), flat(expected), Precision.F32))
                            .as("%s %s", name, kind)
                            .isLessThanOrEqualTo(tolerance(golden, Precision.F32)));
        }
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
            agreesWithTheOracle(text, shape, Precision.F32, true);
        }
    }

    private static double[] flat(double[][] matrix) {
        return Arrays.stream(matrix).flatMapToDouble(Arrays::stream).toArray();
    }

    private static double tolerance(GoldenCase golden, Precision precision) {
        if (precision == Precision.F64) {
            return CoveredGolden.f64Tolerance(golden);
        }
        boolean singular = golden.name().contains("special");
        return singular ? 3e-4 : golden.name().contains("depth21") ? 2e-6 : 1e-6;
    }

    static Stream<String> networks() {
        return Stream.of(
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
                "resnet(blocks=2)");
    }

    @ParameterizedTest
    @MethodSource("networks")
    void networkAgreesWithTheOracle(String text) throws InterruptedException {
        for (ImageShape shape : List.of(new ImageShape(2, 8, 8), new ImageShape(3, 9, 12))) {
            for (Precision precision : Precision.values()) {
                agreesWithTheOracle(text, shape, precision, false);
            }
        }
    }

    private static void agreesWithTheOracle(String text, ImageShape shape, Precision precision, boolean registers)
            throws InterruptedException {
        Network network = ArchitectureParser.network(text, shape);
        ImageSet images = RandomImages.of(3, shape, 41);
        Map<KernelKind, double[][]> actual =
                matrices(network, precision, images, images, registers, HostKernels.Order.ASCENDING);
        for (KernelKind kind : KernelKind.values()) {
            double[] exact = new double[9];
            try (KernelBackend oracle = new OracleBackend(KernelTask.of(network, kind), 1)) {
                oracle.open(images, images).getFirst().compute(new Tile(0, 0, 0, 3, 0, 3), exact);
            }
            double worst = worst(flat(actual.get(kind)), exact, precision);
            assertThat(worst)
                    .as("%s %s %s %s", text, shape, precision, kind)
                    .isLessThanOrEqualTo(precision == Precision.F32 ? 1e-6 : 1e-12);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void bitsDoNotDependOnTheOrderOfThreads(boolean registers) {
        String text = registers
                ? "conv relu avgpool conv(b=0.1) relu conv relu gap dense"
                : "conv relu avgpool conv residual(relu conv) relu gap dense";
        Network network =
                ArchitectureParser.network(text, registers ? new ImageShape(2, 16, 16) : new ImageShape(2, 12, 10));
        ImageSet images = RandomImages.of(3, network.input(), 5);
        Map<KernelKind, double[][]> ascending =
                matrices(network, Precision.F32, images, images, registers, HostKernels.Order.ASCENDING);
        for (HostKernels.Order order : HostKernels.Order.values()) {
            Map<KernelKind, double[][]> other = matrices(network, Precision.F32, images, images, registers, order);
            for (KernelKind kind : KernelKind.values()) {
                assertThat(other.get(kind)).isDeepEqualTo(ascending.get(kind));
            }
        }
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

    /** Both kernels [row][col]. */
    private static Map<KernelKind, double[][]> matrices(
            Network network,
            Precision precision,
            ImageSet rows,
            ImageSet cols,
            boolean registers,
            HostKernels.Order order) {
        PlaneProgram program = PlaneProgram.of(List.of(network), precision, largest(rows, cols));
        try (Arena memory = Arena.ofShared()) {
            HostRun run = new HostRun(program, network.input().channels(), precision, registers, order, memory);
            assertThat(run.onRegisters() > 0).as("a run on registers").isEqualTo(registers);
            HostRun.Images a = run.images(rows);
            HostRun.Images b = rows == cols ? a : run.images(cols);
            HeadRecursion head = new HeadRecursion(network.headLayers());
            double[][] mine = headVariances(run, head, program, a);
            double[][] theirs = headVariances(run, head, program, b);
            int[][] pairs = new int[rows.count() * cols.count()][];
            for (int pair = 0; pair < pairs.length; pair++) {
                int row = pair / cols.count();
                int col = pair % cols.count();
                pairs[pair] = new int[] {row, col, same(rows, row, cols, col) ? 1 : 0};
            }
            double[] sums = run.sums(a, b, pairs);
            double[][] ntk = new double[rows.count()][cols.count()];
            double[][] nngp = new double[rows.count()][cols.count()];
            for (int pair = 0; pair < pairs.length; pair++) {
                KernelPair kernels =
                        head.apply(readout(program, sums, pair), mine[pairs[pair][0]], theirs[pairs[pair][1]]);
                ntk[pairs[pair][0]][pairs[pair][1]] = kernels.ntk();
                nngp[pairs[pair][0]][pairs[pair][1]] = kernels.nngp();
            }
            return Map.of(KernelKind.NTK, ntk, KernelKind.NNGP, nngp);
        }
    }

    private static double[][] headVariances(
            HostRun run, HeadRecursion head, PlaneProgram program, HostRun.Images images) {
        double[][] variances = new double[images.count()][];
        for (int image = 0; image < images.count(); image++) {
            variances[image] = head.nonlinearities() == 0
                    ? new double[0]
                    : head.variances(readout(program, run.sums(images, images, new int[][] {{image, image, 1}}), 0));
        }
        return variances;
    }

    private static KernelPair readout(PlaneProgram program, double[] sums, int pair) {
        double unit = program.readouts().getFirst().unit();
        return new KernelPair(unit * sums[2 * pair], unit * (sums[2 * pair + 1] - sums[2 * pair]));
    }

    private static boolean same(ImageSet rows, int row, ImageSet cols, int col) {
        return Arrays.equals(values(rows, row), values(cols, col));
    }

    private static double[] values(ImageSet images, int image) {
        double[] values = new double[images.shape().values()];
        images.read(image, values);
        return values;
    }

    private static double largest(ImageSet... sets) {
        return Arrays.stream(sets).mapToDouble(LargestVariance::of).max().orElse(0);
    }
}

package cntk.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.backend.cpu.CpuBackend;
import cntk.dataset.ImageSet;
import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import cntk.plan.KernelKind;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import cntk.plan.Tile;
import cntk.support.RandomImages;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Several kernels of one sweep, kernels averaged over flips, kernels of unit diagonal: every backend. */
class KernelTasksTest {
    private static final ImageShape WIDE = new ImageShape(2, 6, 16);

    /** Alone it reads few planes, lane = image; beside a network that reads all, lane = displacement: planes meet in another order. */
    private static final String OTHER_ORDER = "conv relu avgpool conv relu flatten dense";

    /** The backends and what their arithmetic can hold. */
    enum Kind {
        ORACLE(1e-13),
        CPU_F32(1e-6),
        CPU_F64(1e-12);

        private final double tolerance;

        Kind(double tolerance) {
            this.tolerance = tolerance;
        }

        KernelBackend open(KernelTask task) {
            return switch (this) {
                case ORACLE -> new OracleBackend(task, 1);
                case CPU_F32 -> new CpuBackend(task, Precision.F32, 1);
                case CPU_F64 -> new CpuBackend(task, Precision.F64, 1);
            };
        }
    }

    static Stream<Arguments> families() {
        List<List<String>> families = List.of(
                List.of("(conv relu)x3 gap", "conv relu gap dense", "(conv relu)x2 gap dense"),
                List.of("(conv relu)x2 flatten dense", "(conv relu)x2 gap dense", "(conv relu)x3 gap dense"),
                IntStream.rangeClosed(0, 5)
                        .mapToObj(c -> "(conv relu)x2 lap(c=" + c + ") flatten dense")
                        .toList(),
                List.of("conv relu lap(c=1) flatten dense", "conv relu lap(c=2) gap", "conv relu gap"),
                List.of("conv relu conv gap dense relu dense", "conv relu conv relu gap dense(b=0.2)"),
                List.of(
                        "conv relu gap",
                        OTHER_ORDER,
                        "conv relu avgpool conv relu avgpool flatten dense relu dense",
                        "conv relu avgpool conv relu gap dense"),
                List.of("conv residual(relu conv) gap", "conv residual(relu conv) residual(relu conv) gap dense"));
        return families.stream()
                .flatMap(family -> Arrays.stream(Kind.values()).map(kind -> Arguments.of(kind, family)));
    }

    @ParameterizedTest
    @MethodSource("families")
    void everyKernelOfASweepIsThatOfItsNetworkAlone(Kind kind, List<String> family) throws InterruptedException {
        ImageSet rows = RandomImages.of(5, WIDE, 1);
        List<Network> networks = networks(family);
        for (ImageSet cols : List.of(RandomImages.of(3, WIDE, 2), rows)) {
            for (KernelKind kernel : KernelKind.values()) {
                double[] together = compute(kind, new KernelTask(networks, kernel, false, false), rows, cols);
                for (int network = 0; network < networks.size(); network++) {
                    double[] alone = compute(kind, KernelTask.of(networks.get(network), kernel), rows, cols);
                    double[] own = Arrays.copyOfRange(together, network * alone.length, (network + 1) * alone.length);
                    for (int e = 0; e < alone.length; e++) {
                        double allowed = family.contains(OTHER_ORDER) ? kind.tolerance * Math.abs(alone[e]) : 0;
                        assertThat(Math.abs(own[e] - alone[e]))
                                .as("%s of %s: %s for %s", family.get(network), family, own[e], alone[e])
                                .isLessThanOrEqualTo(allowed);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("families")
    void flippedKernelsAreTheMeanOfBothAndSymmetric(Kind kind, List<String> family) throws InterruptedException {
        ImageSet images = RandomImages.of(4, WIDE, 3);
        List<Network> networks = networks(family);
        KernelTask plain = new KernelTask(networks, KernelKind.NTK, false, false);
        double[] same = compute(kind, plain, images, images);
        double[] mirrored = compute(kind, plain, images, RandomImages.flipped(images));
        double[] flipped = compute(kind, new KernelTask(networks, KernelKind.NTK, true, false), images, images);
        for (int e = 0; e < flipped.length; e++) {
            double mean = (same[e] + mirrored[e]) / 2;
            assertThat(Math.abs(flipped[e] - mean)).isLessThanOrEqualTo(kind.tolerance * Math.abs(mean));
            int row = e / 4 % 4;
            int col = e % 4;
            assertThat(flipped[e]).isEqualTo(flipped[e / 16 * 16 + col * 4 + row]);
        }
    }

    @ParameterizedTest
    @MethodSource("families")
    void unitDiagonalIsExactlyOneAndTheRestScalesWithIt(Kind kind, List<String> family) throws InterruptedException {
        ImageSet images = RandomImages.of(4, WIDE, 4);
        ImageSet others = RandomImages.of(2, WIDE, 5);
        List<Network> networks = networks(family);
        for (boolean flip : new boolean[] {false, true}) {
            KernelTask plain = new KernelTask(networks, KernelKind.NTK, flip, false);
            KernelTask unit = new KernelTask(networks, KernelKind.NTK, flip, true);
            double[] k = compute(kind, plain, images, images);
            double[] kOthers = compute(kind, plain, others, others);
            double[] cross = compute(kind, plain, others, images);
            double[] scaled = compute(kind, unit, images, images);
            double[] scaledCross = compute(kind, unit, others, images);
            for (int network = 0; network < networks.size(); network++) {
                for (int row = 0; row < 4; row++) {
                    assertThat(scaled[network * 16 + 5 * row]).isEqualTo(1);
                }
                for (int e = 0; e < 8; e++) {
                    double ofRow = kOthers[network * 4 + 3 * (e / 4)];
                    double ofCol = k[network * 16 + 5 * (e % 4)];
                    double expected = cross[network * 8 + e] / Math.sqrt(ofRow * ofCol);
                    assertThat(Math.abs(scaledCross[network * 8 + e] - expected))
                            .isLessThanOrEqualTo(kind.tolerance);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void imageWithoutAKernelOfItsOwnHasNoUnitDiagonal(Kind kind) {
        ImageSet dark = RandomImages.scaled(RandomImages.of(2, WIDE, 6), 0);
        KernelTask unit = new KernelTask(networks(List.of("conv relu gap dense")), KernelKind.NTK, false, true);
        assertThatThrownBy(() -> compute(kind, unit, dark, dark))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("image 0")
                .hasMessageContaining("unit diagonal");
    }

    @Test
    void flipsAreRefusedWhereWindowsStandUnevenly() {
        for (String text : List.of("conv(stride=2) relu gap", "avgpool(k=3,stride=2) conv relu gap")) {
            assertThatThrownBy(() -> new KernelTask(networks(List.of(text)), KernelKind.NTK, true, false))
                    .as(text)
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("layer 1");
        }
        new KernelTask(networks(List.of("conv relu avgpool conv relu lap(c=2) gap")), KernelKind.NTK, true, false);
    }

    @ParameterizedTest
    @EnumSource(value = Kind.class, names = "CPU_.*", mode = EnumSource.Mode.MATCH_ANY)
    void networksThatPartBeforeTheirReadoutShareNoSweep(Kind kind) {
        KernelTask parted = new KernelTask(
                networks(List.of("conv relu conv relu gap", "conv relu conv(k=5) relu conv relu gap")),
                KernelKind.NTK,
                false,
                false);
        assertThatThrownBy(() -> kind.open(parted))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("layer 3");
        KernelTask direct = new KernelTask(networks(List.of("gap", "conv relu gap")), KernelKind.NTK, false, false);
        assertThatThrownBy(() -> kind.open(direct))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("reads the image itself");
    }

    private static List<Network> networks(List<String> texts) {
        return texts.stream()
                .map(text -> ArchitectureParser.network(text, WIDE))
                .toList();
    }

    private static double[] compute(Kind kind, KernelTask task, ImageSet rows, ImageSet cols)
            throws InterruptedException {
        try (KernelBackend backend = kind.open(task)) {
            TileBackend worker = backend.open(rows, cols).getFirst();
            Tile tile = new Tile(0, 0, 0, rows.count(), 0, cols.count());
            double[] out = new double[worker.kernels() * tile.entries()];
            worker.compute(tile, out);
            return out;
        }
    }
}

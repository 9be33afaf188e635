package cntk.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.arch.ArchitectureParser;
import cntk.backend.KernelBackend;
import cntk.backend.OracleBackend;
import cntk.backend.TileBackend;
import cntk.backend.WorkerLostException;
import cntk.backend.WorkerTooSmallException;
import cntk.dataset.ImageSet;
import cntk.dataset.ImageShape;
import cntk.plan.KernelKind;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import cntk.plan.Tile;
import cntk.plan.TilePlan;
import cntk.support.RandomImages;
import cntk.support.VirtualGpu;
import cntk.support.VirtualGpuTest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The cuda backend beyond the contract: memory, batches, several kernels at once, devices that fail. Bits never depend on any of it. */
@VirtualGpuTest
class CudaBackendTest {
    private static final ImageShape SHAPE = new ImageShape(2, 8, 8);
    private static final int IMAGES = 5;
    private static final int LEAST_ALLOCATION = 256; // bytes

    private static final String FLATTEN = "(conv relu)x2 flatten dense";
    private static final String GAP = "(conv relu)x2 gap dense relu dense";
    private static final String POOLED = "conv relu avgpool conv relu gap dense";
    private static final String GENERAL = "conv erf conv(k=5) relu lap(c=1) flatten dense";

    static Stream<KernelTask> tasks() {
        return Stream.of(
                task(false, false, FLATTEN),
                task(true, true, FLATTEN),
                task(true, true, POOLED),
                task(false, false, GENERAL),
                task(true, true, "conv relu gap dense", GAP, "(conv relu)x3 gap dense"));
    }

    @ParameterizedTest
    @MethodSource("tasks")
    void bitsDependNeitherOnMemoryNorOnBatchesNorOnTiles(KernelTask task) throws InterruptedException {
        ImageSet images = RandomImages.of(IMAGES, SHAPE, 1);
        ImageSet others = RandomImages.of(4, SHAPE, 2);
        for (Precision precision : Precision.values()) {
            double[] symmetric = compute(backend(task, precision, CudaLimits.USUAL), images, images, 8);
            double[] cross = compute(backend(task, precision, CudaLimits.USUAL), others, images, 8);
            CudaLimits scarce = scarce(task, precision);
            for (CudaLimits limits :
                    List.of(new CudaLimits(Long.MAX_VALUE, 1, 1), new CudaLimits(Long.MAX_VALUE, 3, 2), scarce)) {
                assertThat(compute(backend(task, precision, limits), images, images, 2))
                        .as("%s %s", precision, limits)
                        .containsExactly(symmetric);
                assertThat(compute(backend(task, precision, limits), others, images, 3))
                        .as("%s %s", precision, limits)
                        .containsExactly(cross);
            }
            assertThat(copies(task, precision, scarce))
                    .as("images that made room for others were copied again")
                    .isGreaterThan(copies(task, precision, new CudaLimits(Long.MAX_VALUE, 2, 1)));
        }
    }

    /** Copies to the device for a matrix, in tiles of one image by one. */
    private static long copies(KernelTask task, Precision precision, CudaLimits limits) throws InterruptedException {
        ImageSet images = RandomImages.of(IMAGES, SHAPE, 1);
        long before = VirtualGpu.calls("h2d", 0);
        compute(backend(task, precision, limits), images, images, 1);
        return VirtualGpu.calls("h2d", 0) - before;
    }

    /** The least memory that will do: two images of every set at a time. */
    private static CudaLimits scarce(KernelTask task, Precision precision) throws InterruptedException {
        long least = 1 << 24;
        long tooLittle = 0;
        while (least - tooLittle > LEAST_ALLOCATION) {
            long bytes = (least + tooLittle) / 2;
            if (suffices(task, precision, bytes)) {
                least = bytes;
            } else {
                tooLittle = bytes;
            }
        }
        return new CudaLimits(least, 2, 1);
    }

    private static boolean suffices(KernelTask task, Precision precision, long bytes) throws InterruptedException {
        ImageSet rows = RandomImages.of(3, SHAPE, 1);
        ImageSet cols = RandomImages.of(3, SHAPE, 2);
        try (CudaBackend backend = backend(task, precision, new CudaLimits(bytes, 2, 1))) {
            backend.open(rows, cols).getFirst().compute(new Tile(0, 0, 0, 1, 0, 1), new double[task.kernels()]);
            return true;
        } catch (WorkerTooSmallException tooLittle) {
            assertThat(tooLittle)
                    .hasMessageContaining("CUDA device 0 has")
                    .hasMessageContaining("too little")
                    .hasMessageContaining("hint:");
            return false;
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void severalKernelsFlipsAndUnitDiagonalsAgreeWithTheOracle(Precision precision) throws InterruptedException {
        ImageSet images = RandomImages.of(4, SHAPE, 3);
        ImageSet others = RandomImages.of(2, SHAPE, 4);
        for (KernelTask task : tasks().toList()) {
            for (ImageSet rows : List.of(images, others)) {
                double[] exact = compute(new OracleBackend(task, 1), rows, images, 8);
                double[] actual = compute(backend(task, precision, CudaLimits.USUAL), rows, images, 8);
                for (int e = 0; e < exact.length; e++) {
                    assertThat(Math.abs(actual[e] / exact[e] - 1))
                            .as("%s: %s for %s", task, actual[e], exact[e])
                            .isLessThanOrEqualTo(precision == Precision.F32 ? 1e-6 : 1e-12);
                    boolean diagonal = rows == images && e % 16 % 5 == 0;
                    assertThat(!task.unitDiagonal() || !diagonal || actual[e] == 1)
                            .as("%s: the diagonal is %s", task, actual[e])
                            .isTrue();
                }
            }
        }
    }

    @Test
    void imagesOfASecondMatrixFindThoseOfTheFirst() throws InterruptedException {
        ImageSet train = RandomImages.of(IMAGES, SHAPE, 5);
        ImageSet test = RandomImages.of(2, SHAPE, 6);
        try (CudaBackend backend = backend(task(false, false, POOLED), Precision.F32, CudaLimits.USUAL)) {
            double[] first = tiles(backend.open(train, train), 8, IMAGES, IMAGES, 1);
            long copies = VirtualGpu.calls("h2d", 0);
            double[] again = tiles(backend.open(train, train), 8, IMAGES, IMAGES, 1);
            assertThat(VirtualGpu.calls("h2d", 0) - copies).as("one batch").isEqualTo(1);
            assertThat(again).containsExactly(first);
            copies = VirtualGpu.calls("h2d", 0);
            tiles(backend.open(test, train), 8, 2, IMAGES, 1);
            assertThat(VirtualGpu.calls("h2d", 0) - copies)
                    .as("two images and one batch")
                    .isEqualTo(3);
        }
    }

    @Test
    void equalImagesOfAnySetAreFullyCorrelated() throws InterruptedException {
        ImageSet images = RandomImages.of(3, SHAPE, 7);
        ImageSet copy = RandomImages.scaled(images, 1);
        for (String text : List.of(FLATTEN, GENERAL)) {
            KernelTask task = task(false, false, text);
            double[] self = compute(backend(task, Precision.F32, CudaLimits.USUAL), images, images, 3);
            double[] withCopy = compute(backend(task, Precision.F32, CudaLimits.USUAL), images, copy, 3);
            for (int image = 0; image < 3; image++) {
                assertThat(withCopy[4 * image]).isEqualTo(self[4 * image]);
            }
        }
    }

    /** Every allocation in turn finds no memory, once. */
    @ParameterizedTest
    @ValueSource(strings = {FLATTEN, POOLED})
    void memoryThatRunsOutMakesBatchesSmallerAndChangesNoBit(String text) throws InterruptedException {
        KernelTask task = task(false, false, text);
        ImageSet images = RandomImages.of(IMAGES, SHAPE, 8);
        double[] expected = compute(backend(task, Precision.F32, CudaLimits.USUAL), images, images, 8);
        for (String kind : List.of("alloc", "host", "launch")) {
            int faults = 0;
            for (int k = 2; ; k++) { // the first allocation holds the tables: nothing smaller would do
                List<String> notices = Collections.synchronizedList(new ArrayList<>());
                long before = VirtualGpu.calls(kind, 0);
                VirtualGpu.fault(kind + "@0:k=" + k + ",error=oom");
                try (CudaBackend backend = backend(task, Precision.F32, new CudaLimits(Long.MAX_VALUE, 16, 64))) {
                    backend.listen(notices::add);
                    TileBackend worker = backend.open(images, images).getFirst();
                    double[] actual = retried(worker, notices);
                    assertThat(actual).as("%s %d", kind, k).containsExactly(expected);
                }
                VirtualGpu.clearFaults();
                if (VirtualGpu.calls(kind, 0) - before < k) {
                    break;
                }
                assertThat(notices).as("%s %d", kind, k).hasSize(1);
                assertThat(notices.getFirst()).containsIgnoringCase("memory");
                faults++;
            }
            assertThat(faults).as(kind).isGreaterThan(1);
        }
    }

    /** As the scheduler does: a tile that fails without loss of the device is tried once more. */
    private static double[] retried(TileBackend worker, List<String> notices) throws InterruptedException {
        double[] out = new double[IMAGES * IMAGES];
        Tile tile = new Tile(0, 0, 0, IMAGES, 0, IMAGES);
        try {
            worker.compute(tile, out);
        } catch (CudaException e) {
            assertThat(e.isOutOfMemory()).isTrue();
            notices.add(e.getMessage());
            worker.compute(tile, out);
        }
        return out;
    }

    @ParameterizedTest
    @ValueSource(strings = {"launch:k=3,error=launch_failed", "launch:k=5,error=ecc,late", "d2h:lost", "sync:k=2,lost"})
    void deviceWithAnErrorThatSticksIsLostAndTheOtherGoesOn(String fault) throws InterruptedException {
        KernelTask task = task(false, false, POOLED);
        ImageSet images = RandomImages.of(IMAGES, SHAPE, 9);
        double[] expected = compute(backend(task, Precision.F32, CudaLimits.USUAL), images, images, 8);
        try (CudaBackend backend =
                new CudaBackend(task, Precision.F32, CudaDriver.find().devices().subList(2, 4))) {
            VirtualGpu.fault(fault.replaceFirst(":", "@3:"));
            List<TileBackend> workers = backend.open(images, images);
            Tile whole = new Tile(0, 0, 0, IMAGES, 0, IMAGES);
            double[] out = new double[IMAGES * IMAGES];
            for (int attempt = 0; attempt < 2; attempt++) {
                assertThatThrownBy(() -> workers.get(1).compute(whole, out))
                        .isInstanceOf(WorkerLostException.class)
                        .hasMessageContaining("CUDA device 3");
            }
            workers.get(0).compute(whole, out);
            assertThat(out).containsExactly(expected);
            workers.forEach(TileBackend::close);
            assertThat(backend.open(images, images))
                    .extracting(TileBackend::name)
                    .containsExactly("cuda/2");
        }
    }

    @Test
    void anInterruptStopsATileBetweenTwoBatchesAndLeavesNothingBehind() throws InterruptedException {
        KernelTask task = task(false, false, POOLED);
        ImageSet images = RandomImages.of(IMAGES, SHAPE, 10);
        double[] expected = compute(backend(task, Precision.F32, CudaLimits.USUAL), images, images, 8);
        try (CudaBackend backend = backend(task, Precision.F32, new CudaLimits(Long.MAX_VALUE, 1, 64))) {
            TileBackend worker = backend.open(images, images).getFirst();
            Tile whole = new Tile(0, 0, 0, IMAGES, 0, IMAGES);
            double[] out = new double[IMAGES * IMAGES];
            worker.compute(whole, out);
            long before = VirtualGpu.calls("d2h", 0);
            VirtualGpu.fault("launch@0:delay_ms=10,times=always");
            Thread caller = Thread.currentThread();
            Thread.ofPlatform().start(() -> {
                while (VirtualGpu.calls("d2h", 0) < before + 3) { // of 15 batches, one pair each
                    Thread.onSpinWait();
                }
                caller.interrupt();
            });
            assertThatThrownBy(() -> worker.compute(whole, out)).isInstanceOf(InterruptedException.class);
            assertThat(Thread.interrupted()).isFalse();
            long after = VirtualGpu.calls("d2h", 0);
            assertThat(after - before).isLessThan(15);
            VirtualGpu.clearFaults();
            worker.compute(whole, out);
            assertThat(out).containsExactly(expected);
            assertThat(VirtualGpu.calls("d2h", 0) - after)
                    .as("nothing of the stopped tile ran on")
                    .isEqualTo(15);
        }
    }

    private static KernelTask task(boolean flip, boolean unitDiagonal, String... texts) {
        return new KernelTask(
                Arrays.stream(texts)
                        .map(text -> ArchitectureParser.network(text, SHAPE))
                        .toList(),
                KernelKind.NTK,
                flip,
                unitDiagonal);
    }

    private static CudaBackend backend(KernelTask task, Precision precision, CudaLimits limits) {
        return new CudaBackend(task, precision, CudaDriver.find().devices().subList(0, 1), limits);
    }

    /** All kernels of K[rows, cols], one behind the other, from tiles of this side. */
    private static double[] compute(KernelBackend backend, ImageSet rows, ImageSet cols, int side)
            throws InterruptedException {
        try (backend) {
            List<TileBackend> workers = backend.open(rows, cols);
            return tiles(
                    workers,
                    side,
                    rows.count(),
                    cols.count(),
                    workers.getFirst().kernels());
        }
    }

    private static double[] tiles(List<TileBackend> workers, int side, int rows, int cols, int kernels)
            throws InterruptedException {
        double[] all = new double[kernels * rows * cols];
        for (Tile tile : new TilePlan(rows, cols, side, false).tiles()) {
            double[] out = new double[kernels * tile.entries()];
            workers.get(tile.colBlock() % workers.size()).compute(tile, out);
            for (int e = 0; e < out.length; e++) {
                int kernel = e / tile.entries();
                int row = tile.rowBegin() + e % tile.entries() / tile.cols();
                all[(kernel * rows + row) * cols + tile.colBegin() + e % tile.cols()] = out[e];
            }
        }
        return all;
    }
}

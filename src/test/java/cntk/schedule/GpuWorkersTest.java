package cntk.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.backend.Backends;
import cntk.backend.DeviceSet;
import cntk.backend.KernelBackend;
import cntk.backend.TileBackend;
import cntk.backend.cuda.CudaDriver;
import cntk.dataset.ImageSet;
import cntk.dataset.ImageShape;
import cntk.plan.KernelKind;
import cntk.plan.KernelTask;
import cntk.plan.Precision;
import cntk.plan.Tile;
import cntk.support.RandomImages;
import cntk.support.VirtualGpu;
import cntk.support.VirtualGpuTest;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Workers on (virtual) GPUs: stopped between two launches, and taken over where one is slow. */
@VirtualGpuTest
@Timeout(120)
class GpuWorkersTest {
    private static final ImageShape SHAPE = new ImageShape(1, 8, 8);
    private static final Network NETWORK = ArchitectureParser.network("conv relu conv relu gap", SHAPE);
    private static final ImageSet IMAGES = RandomImages.of(40, SHAPE, 9);

    private final RecordedEvents events = new RecordedEvents();

    private static KernelBackend gpus(int... numbers) {
        List<cntk.backend.cuda.CudaDeviceInfo> all = CudaDriver.find().devices();
        DeviceSet set =
                new DeviceSet(false, Arrays.stream(numbers).mapToObj(all::get).toList(), false, "for a test");
        return Backends.pick(set, KernelTask.of(NETWORK, KernelKind.NTK), Precision.F32, 1)
                .backend();
    }

    private static Map<String, String> bits(RecordingStore store) {
        Map<String, String> bits = new TreeMap<>();
        double[] values = new double[64];
        for (Tile tile : store.plan().tiles()) {
            store.read(tile, values);
            bits.put(tile.toString(), Arrays.toString(values));
        }
        return bits;
    }

    private static Map<String, String> undisturbed() {
        RecordingStore store = new RecordingStore(40, 8);
        try (KernelBackend backend = gpus(3)) {
            new TileScheduler(store, backend.open(IMAGES, IMAGES), ProgressListener.NONE).run();
        }
        return bits(store);
    }

    @Test
    void aStopLeavesFinishedTilesAndTheNextRunHasTheSameBits() {
        Map<String, String> expected = undisturbed();
        AtomicReference<TileScheduler> running = new AtomicReference<>();
        RecordingStore store = new RecordingStore(40, 8);
        try (KernelBackend backend = gpus(0, 1)) {
            List<TileBackend> workers = backend.open(IMAGES, IMAGES);
            ProgressListener stopping = new ProgressListener() {
                @Override
                public void tileDone(Tile tile, long pairs, String worker) {
                    if (store.commits().size() >= 4) {
                        running.get().stop();
                    }
                }
            };
            VirtualGpu.fault("launch:delay_ms=20,times=always");
            running.set(new TileScheduler(store, workers, stopping));
            ScheduleResult stopped = running.get().run();
            VirtualGpu.clearFaults();
            assertThat(stopped.stopped()).isTrue();
            assertThat(store.missing()).isNotEmpty();
            ScheduleResult rest = new TileScheduler(store, workers, events).run();
            assertThat(rest.tiles()).isEqualTo(15 - stopped.tiles());
        }
        assertThat(store.commits())
                .containsExactlyInAnyOrderElementsOf(store.plan().tiles());
        assertThat(bits(store)).isEqualTo(expected);
        assertThat(events.of("failed")).isEmpty();
    }

    @Test
    void aSlowGpuDoesNotHoldUpTheEndAndWritesNothingTwice() {
        Map<String, String> expected = undisturbed();
        RecordingStore store = new RecordingStore(40, 8);
        try (KernelBackend backend = gpus(0, 1)) {
            List<TileBackend> workers = backend.open(IMAGES, IMAGES);
            VirtualGpu.fault("launch@0:delay_ms=1500,times=always");
            new TileScheduler(store, workers, events).run();
            VirtualGpu.clearFaults();
        }
        assertThat(store.commits())
                .containsExactlyInAnyOrderElementsOf(store.plan().tiles());
        assertThat(bits(store)).isEqualTo(expected);
        assertThat(events.of("late")).contains("late cuda/0 cuda/1");
        assertThat(events.of("failed")).isEmpty();
    }
}

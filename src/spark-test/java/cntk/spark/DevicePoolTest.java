package cntk.spark;

import static org.assertj.core.api.Assertions.assertThat;

import cntk.backend.KernelBackend;
import cntk.backend.TileBackend;
import cntk.dataset.ImageSet;
import cntk.dataset.ImageShape;
import cntk.plan.Tile;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One device of an executor and the tasks that take turns at it. */
@Timeout(20)
class DevicePoolTest {
    private static final ImageSet IMAGES = ImageSet.ofValues("one", new ImageShape(1, 1, 1), new double[][] {{1}});

    private final Opened opened = new Opened();

    /** A backend of which only openings and closings matter. */
    private static final class Opened implements KernelBackend {
        private final List<String> closed = new ArrayList<>();
        private int workers;

        @Override
        public String name() {
            return "fake";
        }

        @Override
        public String description() {
            return "fake";
        }

        @Override
        public List<TileBackend> open(ImageSet rows, ImageSet cols) {
            String name = "worker " + ++workers;
            return List.of(new TileBackend() {
                @Override
                public String name() {
                    return name;
                }

                @Override
                public void compute(Tile tile, double[] out) {
                    throw new UnsupportedOperationException();
                }

                @Override
                public void close() {
                    closed.add(name);
                }
            });
        }

        @Override
        public void close() {
            closed.add("backend");
        }
    }

    private static TileBackend borrow(DevicePool pool, String matrix) throws InterruptedException {
        return pool.borrow(matrix, IMAGES, IMAGES);
    }

    @Test
    void tasksOneAfterTheOtherShareAWorker() throws Exception {
        DevicePool pool = new DevicePool(opened, true);
        for (int task = 0; task < 3; task++) {
            pool.giveBack(borrow(pool, "train"));
        }
        assertThat(opened.workers).isEqualTo(1);
        assertThat(opened.closed).isEmpty();
    }

    @Test
    void threadsGetAWorkerEach() throws Exception {
        DevicePool pool = new DevicePool(opened, true);
        TileBackend first = borrow(pool, "train");
        assertThat(borrow(pool, "train").name()).isNotEqualTo(first.name());
    }

    @Test
    void taskWaitsForAGpuThatAnotherOneHas() throws Exception {
        DevicePool pool = new DevicePool(opened, false);
        TileBackend first = borrow(pool, "train");
        CompletableFuture<TileBackend> second = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                second.complete(borrow(pool, "train"));
            } catch (InterruptedException e) {
                second.completeExceptionally(e);
            }
        });
        Thread.sleep(50);
        assertThat(second).isNotDone();
        pool.giveBack(first);
        assertThat(second.get(5, TimeUnit.SECONDS)).isSameAs(first);
        assertThat(opened.workers).isEqualTo(1);
    }

    @Test
    void nextMatrixClosesTheWorkersOfTheLastAsTheyComeBack() throws Exception {
        DevicePool pool = new DevicePool(opened, true);
        TileBackend idle = borrow(pool, "train");
        TileBackend busy = borrow(pool, "train");
        pool.giveBack(idle);
        TileBackend next = borrow(pool, "cross");
        assertThat(opened.closed).containsExactly(idle.name());
        pool.giveBack(busy);
        assertThat(opened.closed).containsExactly(idle.name(), busy.name());
        pool.giveBack(next);
        assertThat(borrow(pool, "cross")).isSameAs(next);
    }

    @Test
    void backendClosesWhenTheLastWorkerIsBack() throws Exception {
        DevicePool pool = new DevicePool(opened, true);
        TileBackend worker = borrow(pool, "train");
        pool.close();
        assertThat(opened.closed).isEmpty();
        pool.giveBack(worker);
        assertThat(opened.closed).containsExactly(worker.name(), "backend");
    }
}

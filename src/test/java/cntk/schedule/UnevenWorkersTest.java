package cntk.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.backend.TileBackend;
import cntk.backend.WorkerLostException;
import cntk.backend.WorkerTooSmallException;
import cntk.gram.GramStore;
import cntk.plan.Tile;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Workers of very different speed or size beside each other, and faults at any moment: every tile once, the same bits. */
@Timeout(30)
class UnevenWorkersTest {
    private static final int IMAGES = 40;
    private static final int SIDE = 8;

    private final RecordedEvents events = new RecordedEvents();

    private ScheduleResult run(GramStore store, TileBackend... workers) {
        return new TileScheduler(store, List.of(workers), events).run();
    }

    private static void assertAsOneWorkerMakesIt(RecordingStore store) {
        store.assertWhole();
        RecordingStore reference = new RecordingStore(IMAGES, SIDE);
        new TileScheduler(reference, List.of(FakeBackend.willing("alone")), ProgressListener.NONE).run();
        assertThat(store.entries()).isEqualTo(reference.entries());
    }

    @Test
    void aSlowWorkersTileIsComputedByAnIdleFastOneAndTheSlowOneIsInterrupted() {
        RecordingStore store = new RecordingStore(IMAGES, SIDE);
        FakeBackend slow = new FakeBackend("slow", (tile, attempt) -> Thread.sleep(25_000));
        FakeBackend fast = new FakeBackend("fast", (tile, attempt) -> Thread.sleep(5));
        ScheduleResult result = run(store, slow, fast);
        assertAsOneWorkerMakesIt(store);
        assertThat(result.wallSeconds()).isLessThan(5);
        assertThat(slow.attempts()).hasSize(1);
        assertThat(fast.attempts()).containsAll(slow.attempts()).hasSize(15);
        assertThat(result.tilesByWorker()).containsEntry("slow", 0).containsEntry("fast", 15);
        assertThat(result.retries()).isZero();
        assertThat(events.of("late")).containsExactly("late slow fast");
        assertThat(events.of("failed")).isEmpty();
        assertThat(events.of("done")).hasSize(15);
    }

    @Test
    void whatASlowWorkerFindsAfterAnotherOneIsNotWrittenAgain() {
        RecordingStore store = new RecordingStore(IMAGES, SIDE);
        AtomicReference<Tile> late = new AtomicReference<>();
        FakeBackend deaf = new FakeBackend("deaf", (tile, attempt) -> {
            late.set(tile);
            while (!store.commits().contains(tile)) {
                Thread.onSpinWait();
            }
        });
        ScheduleResult result = run(store, deaf, new FakeBackend("fast", (tile, attempt) -> {
            while (late.get() == null) {
                Thread.sleep(1);
            }
            Thread.sleep(2);
        }));
        assertAsOneWorkerMakesIt(store);
        assertThat(result.tilesByWorker()).containsEntry("deaf", 0).containsEntry("fast", 15);
        assertThat(events.of("done")).hasSize(15);
    }

    @Test
    void equallyFastWorkersComputeNothingTwice() {
        RecordingStore store = new RecordingStore(IMAGES, SIDE);
        List<FakeBackend> workers = new ArrayList<>();
        for (int worker = 0; worker < 4; worker++) {
            workers.add(new FakeBackend("cpu/" + worker, (tile, attempt) -> Thread.sleep(20)));
        }
        new TileScheduler(store, workers, events).run();
        assertAsOneWorkerMakesIt(store);
        assertThat(workers.stream().mapToInt(worker -> worker.attempts().size()).sum())
                .isEqualTo(15);
        assertThat(events.of("late")).isEmpty();
    }

    /** The slow worker's first tile is taken over; then it takes over one that two others do not do itself. */
    @Test
    void anInterruptForOneTileDoesNotHitTheNextOne() {
        RecordingStore store = new RecordingStore(IMAGES, SIDE);
        AtomicReference<Tile> hard = new AtomicReference<>();
        CountDownLatch slowHasOne = new CountDownLatch(1);
        FakeBackend slow = new FakeBackend("slow", (tile, attempt) -> {
            slowHasOne.countDown();
            while (!tile.equals(hard.get()) && !Thread.currentThread().isInterrupted()) {
                Thread.onSpinWait();
            }
            if (tile.equals(hard.get())) {
                Thread.sleep(1); // would throw if the interrupt were still there
            }
        });
        FakeBackend fast = new FakeBackend("fast", (tile, attempt) -> {
            slowHasOne.await();
            while (hard.get() == null) {
                Thread.sleep(1);
            }
            if (tile.equals(hard.get())) {
                throw new IllegalStateException("too hard");
            }
            Thread.sleep(2);
        });
        FakeBackend hanging = new FakeBackend("hanging", (tile, attempt) -> {
            slowHasOne.await();
            hard.set(tile);
            Thread.sleep(25_000);
        });
        ScheduleResult result = run(store, slow, fast, hanging);
        assertAsOneWorkerMakesIt(store);
        assertThat(result.tilesByWorker())
                .containsEntry("slow", 1)
                .containsEntry("fast", 14)
                .containsEntry("hanging", 0);
        assertThat(events.of("failed")).containsExactly("failed fast 1 too hard", "failed fast 2 too hard");
    }

    @Test
    void ifTheSecondCommitFailsTheSlowWorkersOwnResultCounts() {
        AtomicReference<Tile> late = new AtomicReference<>();
        AtomicInteger refused = new AtomicInteger();
        RecordingStore store = new RecordingStore(IMAGES, SIDE, tile -> {
            if (tile.equals(late.get()) && refused.getAndIncrement() < 2) {
                throw new IllegalStateException("not finite");
            }
        });
        FakeBackend slow = new FakeBackend("slow", (tile, attempt) -> {
            late.set(tile);
            while (refused.get() < 2) {
                Thread.sleep(1);
            }
            Thread.sleep(100); // until the fast one has given up
        });
        ScheduleResult result = run(store, slow, new FakeBackend("fast", (tile, attempt) -> {
            while (late.get() == null) {
                Thread.sleep(1);
            }
            Thread.sleep(2);
        }));
        assertAsOneWorkerMakesIt(store);
        assertThat(result.tilesByWorker()).containsEntry("slow", 1).containsEntry("fast", 14);
        assertThat(events.of("failed")).containsExactly("failed fast 1 not finite", "failed fast 2 not finite");
    }

    @Test
    void aStopAlsoEndsBothWorkersOfOneTile() throws InterruptedException {
        RecordingStore store = new RecordingStore(IMAGES, SIDE);
        AtomicReference<Tile> late = new AtomicReference<>();
        CountDownLatch both = new CountDownLatch(1);
        FakeBackend slow = new FakeBackend("slow", (tile, attempt) -> {
            late.set(tile);
            Thread.sleep(25_000);
        });
        FakeBackend fast = new FakeBackend("fast", (tile, attempt) -> {
            while (late.get() == null) {
                Thread.sleep(1);
            }
            if (tile.equals(late.get())) {
                both.countDown();
                Thread.sleep(25_000);
            }
        });
        TileScheduler scheduler = new TileScheduler(store, List.of(slow, fast), events);
        Thread stopper = Thread.ofPlatform().start(() -> {
            try {
                both.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            scheduler.stop();
        });
        ScheduleResult result = scheduler.run();
        stopper.join();
        assertThat(result.stopped()).isTrue();
        assertThat(result.tiles()).isEqualTo(14);
        assertThat(store.missing()).containsExactly(late.get());
        assertThat(events.of("failed")).isEmpty();
    }

    /** A sound worker among others that are slow, fail now and then or get lost, all by a seeded die. */
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void whateverHappensToOthersEachTileIsWrittenOnceWithTheSameBits(long seed) {
        RecordingStore store = new RecordingStore(IMAGES, SIDE);
        Random dice = new Random(seed);
        List<TileBackend> workers = new ArrayList<>();
        workers.add(new FakeBackend("sound", (tile, attempt) -> Thread.sleep(3)));
        for (int worker = 1; worker <= 1 + dice.nextInt(4); worker++) {
            workers.add(scripted("w" + worker, new Random(dice.nextLong()), 1 + dice.nextInt(60)));
        }
        ScheduleResult result = new TileScheduler(store, workers, events).run();
        assertAsOneWorkerMakesIt(store);
        assertThat(result.tilesByWorker().values().stream()
                        .mapToInt(Integer::intValue)
                        .sum())
                .isEqualTo(15);
        assertThat(events.of("done")).hasSize(15);
    }

    private static FakeBackend scripted(String name, Random dice, int slowestMillis) {
        return new FakeBackend(name, (tile, attempt) -> {
            Thread.sleep(dice.nextInt(slowestMillis));
            switch (dice.nextInt(8)) {
                case 0, 1 -> throw new IllegalStateException("hiccup");
                case 2 -> throw new WorkerLostException("gone", new IllegalStateException());
                case 3 -> Thread.sleep(2_000); // hangs, until somebody else has done it; two may on one tile
                default -> {}
            }
        });
    }

    @Test
    void aWorkerThatIsTooSmallLeavesItsTilesToALargerOne() {
        RecordingStore store = new RecordingStore(IMAGES, SIDE);
        FakeBackend small = tooSmall("small");
        ScheduleResult result = run(store, small, new FakeBackend("large", (tile, attempt) -> Thread.sleep(2)));
        assertAsOneWorkerMakesIt(store);
        assertThat(small.attempts()).hasSize(1);
        assertThat(events.of("lost")).containsExactly("lost small 1 GiB for 2");
        assertThat(result.tilesByWorker()).containsEntry("large", 15);
    }

    @Test
    void ifEveryWorkerIsTooSmallThatIsTheAnswer() {
        RecordingStore store = new RecordingStore(IMAGES, SIDE);
        assertThatThrownBy(() -> run(store, tooSmall("gpu/0"), tooSmall("gpu/1")))
                .isInstanceOf(WorkerTooSmallException.class)
                .hasMessage("1 GiB for 2");
        FakeBackend broken = new FakeBackend("gpu/1", (tile, attempt) -> {
            throw new WorkerLostException("fell off the bus", null);
        });
        assertThatThrownBy(() -> run(new RecordingStore(IMAGES, SIDE), tooSmall("gpu/0"), broken))
                .isInstanceOf(ScheduleException.class)
                .hasMessageContainingAll("gpu/0", "1 GiB for 2", "gpu/1", "fell off the bus");
    }

    private static FakeBackend tooSmall(String name) {
        return new FakeBackend(name, (tile, attempt) -> {
            throw new WorkerTooSmallException("1 GiB for 2");
        });
    }
}

package cntk.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.backend.TileBackend;
import cntk.backend.WorkerLostException;
import cntk.gram.GramStore;
import cntk.gram.StoreException;
import cntk.plan.Tile;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class TileSchedulerTest {
    private final RecordedEvents events = new RecordedEvents();

    private ScheduleResult run(GramStore store, TileBackend... workers) {
        return new TileScheduler(store, List.of(workers), events).run();
    }

    @Test
    void oneWorkerFollowsTheOrderOfThePlan() {
        RecordingStore store = new RecordingStore(20, 8);
        ScheduleResult result = run(store, FakeBackend.willing("cpu/0"));
        assertThat(store.commits()).isEqualTo(store.plan().tiles());
        assertThat(result.tiles()).isEqualTo(6);
        assertThat(result.pairs()).isEqualTo(210);
        assertThat(result.retries()).isZero();
        assertThat(result.stopped()).isFalse();
        assertThat(result.tilesByWorker()).containsExactly(Map.entry("cpu/0", 6));
        assertThat(events.all()).startsWith("started 6/210 stored 0/0").endsWith("finished");
        assertThat(events.of("done")).hasSize(6);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void theBitsDoNotDependOnNumberAndSpeedOfWorkers(int workers) {
        RecordingStore reference = new RecordingStore(50, 8);
        run(reference, FakeBackend.willing("cpu/0"));
        RecordingStore store = new RecordingStore(50, 8);
        Random random = new Random(workers);
        List<TileBackend> backends = new ArrayList<>();
        for (int worker = 0; worker < workers; worker++) {
            backends.add(new FakeBackend("cpu/" + worker, (tile, attempt) -> {
                Thread.sleep(random.nextInt(3));
            }));
        }
        ScheduleResult result = new TileScheduler(store, backends, events).run();
        store.assertWhole();
        assertThat(store.entries()).isEqualTo(reference.entries());
        assertThat(result.tilesByWorker().values().stream()
                        .mapToInt(Integer::intValue)
                        .sum())
                .isEqualTo(28);
    }

    @Test
    void aFastWorkerDoesMoreThanASlowOne() {
        RecordingStore store = new RecordingStore(80, 8);
        ScheduleResult result = run(
                store,
                new FakeBackend("slow", (tile, attempt) -> Thread.sleep(40)),
                new FakeBackend("fast", (tile, attempt) -> Thread.sleep(4)));
        store.assertWhole();
        assertThat(result.tilesByWorker().get("fast"))
                .isGreaterThan(3 * result.tilesByWorker().get("slow"));
    }

    @Test
    void onlyMissingTilesAreComputed() {
        RecordingStore store = new RecordingStore(20, 8);
        List<Tile> tiles = store.plan().tiles();
        run(store, FakeBackend.willing("cpu/0"));
        RecordingStore resumed = new RecordingStore(20, 8);
        for (Tile tile : tiles.subList(0, 4)) {
            resumed.commit(tile, new double[64]);
        }
        FakeBackend worker = FakeBackend.willing("cpu/0");
        ScheduleResult result = run(resumed, worker);
        assertThat(worker.attempts()).isEqualTo(tiles.subList(4, 6));
        assertThat(result.tiles()).isEqualTo(2);
        assertThat(events.all()).contains("started 2/42 stored 4/168");
    }

    @Test
    void aFailureIsTriedAgainOnTheSameWorker() {
        RecordingStore store = new RecordingStore(20, 8);
        FakeBackend worker = new FakeBackend("cpu/0", (tile, attempt) -> {
            if (attempt == 1) {
                throw new IllegalStateException("hiccup");
            }
        });
        ScheduleResult result = run(store, worker);
        store.assertWhole();
        assertThat(result.retries()).isEqualTo(6);
        assertThat(events.of("failed")).hasSize(6).containsOnly("failed cpu/0 1 hiccup");
        assertThat(events.of("lost")).isEmpty();
    }

    @Test
    void aTileThatFailsTwiceGoesToAnotherWorker() {
        RecordingStore store = new RecordingStore(40, 8);
        AtomicReference<Tile> hard = new AtomicReference<>(); // the first that the weak worker gets
        FakeBackend weak = new FakeBackend("weak", (tile, attempt) -> {
            hard.compareAndSet(null, tile);
            if (tile.equals(hard.get())) {
                throw new IllegalStateException("too hard");
            }
        });
        FakeBackend late = new FakeBackend("late", (tile, attempt) -> {
            while (weak.attempts().size() < 3) {
                Thread.sleep(1);
            }
        });
        ScheduleResult result = run(store, weak, late);
        store.assertWhole();
        assertThat(weak.attempts()).startsWith(hard.get(), hard.get());
        assertThat(weak.attempts().stream().filter(hard.get()::equals)).hasSize(2);
        assertThat(late.attempts().stream().filter(hard.get()::equals)).hasSize(1);
        assertThat(result.retries()).isEqualTo(2);
        assertThat(events.of("failed")).containsExactly("failed weak 1 too hard", "failed weak 2 too hard");
    }

    @Test
    void valuesThatAreNotFiniteAreAFailureOfTheWorker() {
        RecordingStore store = new RecordingStore(20, 8);
        TileBackend poisoned = new TileBackend() {
            @Override
            public String name() {
                return "poisoned";
            }

            @Override
            public void compute(Tile tile, double[] out) {
                Arrays.fill(out, Double.NaN);
            }

            @Override
            public void close() {}
        };
        run(store, poisoned, new FakeBackend("sound", (tile, attempt) -> Thread.sleep(5)));
        store.assertWhole();
        assertThat(events.of("lost")).singleElement().asString().startsWith("lost poisoned K[");
    }

    @Test
    void aWorkerThatGivesUpThreeTilesInARowIsTakenOut() {
        RecordingStore store = new RecordingStore(40, 8);
        FakeBackend broken = new FakeBackend("broken", (tile, attempt) -> {
            throw new IllegalStateException("sticky");
        });
        FakeBackend sound = new FakeBackend("sound", (tile, attempt) -> Thread.sleep(2));
        ScheduleResult result = run(store, broken, sound);
        store.assertWhole();
        assertThat(broken.attempts()).hasSize(6);
        assertThat(events.of("lost")).containsExactly("lost broken sticky");
        assertThat(result.tilesByWorker()).containsEntry("broken", 0).containsEntry("sound", 15);
    }

    @Test
    void aLostWorkerGoesAtOnceAndItsTileComesBack() {
        RecordingStore store = new RecordingStore(40, 8);
        FakeBackend lost = new FakeBackend("lost", (tile, attempt) -> {
            throw new WorkerLostException("fell off the bus", new IllegalStateException());
        });
        run(store, lost, new FakeBackend("sound", (tile, attempt) -> Thread.sleep(2)));
        store.assertWhole();
        assertThat(lost.attempts()).hasSize(1);
        assertThat(events.of("lost")).containsExactly("lost lost fell off the bus");
    }

    @Test
    void aWorkerWithoutWorkWaitsForTilesThatMayComeBack() {
        RecordingStore store = new RecordingStore(8, 8); // a single tile
        FakeBackend sound = FakeBackend.willing("sound");
        FakeBackend lost = new FakeBackend("lost", (tile, attempt) -> {
            Thread.sleep(100);
            throw new WorkerLostException("gone", new IllegalStateException());
        });
        FakeBackend patient = new FakeBackend("patient", (tile, attempt) -> {});
        run(store, lost, patient, sound);
        store.assertWhole();
    }

    @Test
    void ifAllWorkersAreLostTheFirstCauseIsNamedAndFinishedTilesStay() {
        RecordingStore store = new RecordingStore(40, 8);
        AtomicInteger computed = new AtomicInteger();
        FakeBackend.Before dying = (tile, attempt) -> {
            int number = computed.incrementAndGet();
            if (number > 5) {
                throw new WorkerLostException("out of power " + number, new IllegalStateException());
            }
        };
        assertThatThrownBy(() -> run(store, new FakeBackend("gpu/0", dying), new FakeBackend("gpu/1", dying)))
                .isInstanceOf(ScheduleException.class)
                .hasMessageContainingAll(
                        "every worker is lost with 10 tiles to go: gpu/0: ",
                        "out of power 6",
                        "; gpu/1: ",
                        "out of power 7",
                        "hint: finished")
                .cause()
                .hasMessageStartingWith("out of power");
        assertThat(store.commits()).hasSize(5);
        assertThat(events.of("lost")).hasSize(2);
        assertThat(events.all()).endsWith("finished");
    }

    @Test
    void aTileThatNobodyCanDoDoesNotKeepTheOthersFromBeingDone() {
        RecordingStore store = new RecordingStore(40, 8);
        Tile poison = store.plan().tile(1, 2);
        FakeBackend.Before failing = (tile, attempt) -> {
            if (tile.equals(poison)) {
                throw new IllegalStateException("division by zero");
            }
        };
        assertThatThrownBy(() -> run(store, new FakeBackend("cpu/0", failing), new FakeBackend("cpu/1", failing)))
                .isInstanceOf(ScheduleException.class)
                .hasMessageContainingAll("1 tiles failed on every worker", poison.toString(), "division by zero");
        assertThat(store.missing()).containsExactly(poison);
        assertThat(events.of("failed")).hasSize(4);
    }

    @Test
    void aFailingStoreEndsTheRunAtOnce() {
        RecordingStore store = new RecordingStore(80, 8, tile -> {
            if (tile.rowBlock() == 2) {
                throw new StoreException("disk full", new IOException("disk full"));
            }
        });
        FakeBackend first = FakeBackend.willing("cpu/0");
        assertThatThrownBy(() -> run(store, first, FakeBackend.willing("cpu/1")))
                .isInstanceOf(StoreException.class)
                .hasMessage("disk full");
        assertThat(store.missing()).isNotEmpty();
        assertThat(events.of("failed")).isEmpty();
        assertThat(events.all()).endsWith("finished");
    }

    @Test
    void anErrorInAWorkerIsNotTakenForAFailedTile() {
        RecordingStore store = new RecordingStore(40, 8);
        FakeBackend broken = new FakeBackend("cpu/0", (tile, attempt) -> {
            throw new UnsatisfiedLinkError("no library");
        });
        assertThatThrownBy(() -> run(store, broken, new FakeBackend("cpu/1", (tile, attempt) -> Thread.sleep(50))))
                .isInstanceOf(UnsatisfiedLinkError.class);
        assertThat(broken.attempts()).hasSize(1);
    }

    @Test
    void stopDropsTheTilesInFlightOfBackendsThatHeedInterrupts() throws Exception {
        RecordingStore store = new RecordingStore(80, 8);
        TileScheduler scheduler = new TileScheduler(
                store,
                List.of(
                        new FakeBackend("cpu/0", (tile, attempt) -> Thread.sleep(tile.rowBlock() == 0 ? 1 : 60_000)),
                        new FakeBackend("cpu/1", (tile, attempt) -> Thread.sleep(tile.rowBlock() == 0 ? 1 : 60_000))),
                events);
        Thread stopper = Thread.ofPlatform().start(() -> {
            sleep(300);
            scheduler.stop();
        });
        long start = System.nanoTime();
        ScheduleResult result = scheduler.run();
        assertThat((System.nanoTime() - start) / 1e9).isLessThan(5);
        stopper.join();
        assertThat(result.stopped()).isTrue();
        assertThat(result.tiles()).isEqualTo(store.commits().size());
        assertThat(store.missing()).hasSize(55 - result.tiles());
        assertThat(events.of("failed")).isEmpty();
        assertThat(scheduler.awaitEnd(Duration.ZERO)).isTrue();
    }

    @Test
    void stopLetsOtherBackendsFinishTheirTile() {
        RecordingStore store = new RecordingStore(80, 8);
        TileScheduler[] scheduler = new TileScheduler[1];
        FakeBackend deaf = new FakeBackend("deaf", (tile, attempt) -> {
            scheduler[0].stop();
        });
        scheduler[0] = new TileScheduler(store, List.of(deaf), events);
        ScheduleResult result = scheduler[0].run();
        assertThat(result.stopped()).isTrue();
        assertThat(result.tiles()).isEqualTo(1);
        assertThat(store.commits()).hasSize(1);
    }

    @Test
    void anInterruptOfTheCallerStopsTheRunAndStaysSet() {
        RecordingStore store = new RecordingStore(80, 8);
        Thread caller = Thread.currentThread();
        Thread interrupter = Thread.ofPlatform().start(() -> {
            sleep(100);
            caller.interrupt();
        });
        ScheduleResult result = run(store, new FakeBackend("cpu/0", (tile, attempt) -> Thread.sleep(30)));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(interrupter.isInterrupted()).isFalse();
        assertThat(result.stopped()).isTrue();
        assertThat(store.missing()).isNotEmpty();
    }

    @Test
    void aStopBeforeTheStartLeavesAllAsItIs() {
        RecordingStore store = new RecordingStore(20, 8);
        TileScheduler scheduler = new TileScheduler(store, List.of(FakeBackend.willing("cpu/0")), events);
        scheduler.stop();
        assertThat(scheduler.run().stopped()).isTrue();
        assertThat(store.commits()).isEmpty();
    }

    @Test
    void aListenerThatFailsEndsTheRunAndHidesNothing() {
        RecordingStore store = new RecordingStore(80, 8);
        ProgressListener failing = new ProgressListener() {
            @Override
            public void tileDone(Tile tile, long pairs, String worker) {
                throw new IllegalStateException("listener");
            }
        };
        TileScheduler scheduler = new TileScheduler(store, List.of(FakeBackend.willing("cpu/0")), failing);
        assertThatIllegalStateException().isThrownBy(scheduler::run).withMessage("listener");
        assertThat(store.commits()).hasSize(1);
    }

    @Test
    void misuseIsRefused() {
        RecordingStore store = new RecordingStore(20, 8);
        FakeBackend worker = FakeBackend.willing("cpu/0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TileScheduler(store, List.of(worker, worker), events));
        assertThatIllegalArgumentException().isThrownBy(() -> new TileScheduler(store, List.of(), events));
        TileScheduler scheduler = new TileScheduler(store, List.of(worker), events);
        scheduler.run();
        assertThatIllegalStateException().isThrownBy(scheduler::run);
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}

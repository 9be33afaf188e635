package cntk.solve;

import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Numbered tasks on several threads whose results are taken in the order of the numbers: what is summed up of them has the same
 * bits on any number of threads.
 */
final class OrderedTasks implements AutoCloseable {
    /** Works in the slot that it is given, which is its own until the result is taken. */
    @FunctionalInterface
    interface Step<S> {
        void at(int number, S slot);
    }

    private final int threads;
    private final ExecutorService pool;

    OrderedTasks(int threads) {
        this.threads = threads;
        this.pool = Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().daemon().name("solve-", 0).factory());
    }

    /** Slots that keep every thread busy while one result is taken. */
    int slots() {
        return threads + 1;
    }

    /** Runs {@code task} for 0 .. count-1, as many at once as there are slots and threads; {@code taken} on this thread. */
    <S> void run(int count, List<S> slots, Step<S> task, Step<S> taken) {
        @Nullable Future<?>[] ring = new Future<?>[slots.size()];
        try {
            for (int next = 0; next < count + ring.length; next++) {
                int place = next % ring.length;
                S slot = slots.get(place);
                int done = next - ring.length;
                if (done >= 0 && done < count) {
                    await(ring[place]);
                    taken.at(done, slot);
                }
                if (next < count) {
                    int number = next;
                    ring[place] = pool.submit(() -> task.at(number, slot));
                }
            }
        } catch (RuntimeException | Error failure) {
            settle(ring); // nobody may still write into a slot when its memory goes
            throw failure;
        }
    }

    private static void await(@Nullable Future<?> task) {
        if (task == null) {
            return;
        }
        try {
            task.get();
        } catch (ExecutionException failed) {
            switch (failed.getCause()) {
                case RuntimeException failure -> throw failure;
                case Error error -> throw error;
                case null, default -> throw new IllegalStateException(failed);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SolveStoppedException();
        }
    }

    private static void settle(@Nullable Future<?>[] ring) {
        for (Future<?> task : ring) {
            if (task != null && !task.isDone()) {
                try {
                    await(task);
                } catch (RuntimeException | Error another) {
                    // The first failure is on its way already.
                }
            }
        }
    }

    @Override
    public void close() {
        pool.shutdown();
    }
}

package cntk.cli;

import cntk.solve.SolveStoppedException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Ctrl-C and kill while a command computes: stops the tiles in flight, waits until the command has put its files in order,
 * then says how to go on. To be closed when there is nothing to put in order any more.
 */
final class StopGuard implements AutoCloseable {
    private static final long COMPUTING_SECONDS = 30;
    /** A factorisation cannot be broken off, and leaves nothing behind. */
    private static final long OTHERWISE_SECONDS = 1;

    private final Runnable farewell;
    private final Thread hook = new Thread(this::stop, "stop");
    private final CountDownLatch closed = new CountDownLatch(1);

    // Guarded by this.
    private boolean stopping;
    private @Nullable Runnable active;

    private StopGuard(Runnable farewell) {
        this.farewell = farewell;
    }

    /**
     * Guards from now on.
     *
     * @param farewell says how to go on
     */
    static StopGuard start(Runnable farewell) {
        StopGuard guard = new StopGuard(farewell);
        Runtime.getRuntime().addShutdownHook(guard.hook);
        return guard;
    }

    /**
     * Runs work that ends early after a call of {@code stopper}.
     *
     * @throws StoppedException if it was stopped
     */
    <T> T run(Runnable stopper, Supplier<T> work) {
        activate(stopper);
        try {
            T result = work.get();
            check();
            return result;
        } finally {
            activate(null);
        }
    }

    /**
     * Runs a solve that asks from time to time whether to stop.
     *
     * @throws StoppedException if it was stopped
     */
    <T> T run(Function<BooleanSupplier, T> solve) {
        AtomicBoolean asked = new AtomicBoolean();
        activate(() -> asked.set(true));
        try {
            return solve.apply(asked::get);
        } catch (SolveStoppedException saved) {
            throw new StoppedException();
        } finally {
            activate(null);
        }
    }

    /** Throws {@link StoppedException} if the process is about to end. */
    synchronized void check() {
        if (stopping) {
            throw new StoppedException();
        }
    }

    private synchronized void activate(@Nullable Runnable stopper) {
        if (stopper != null) {
            check();
        }
        active = stopper;
    }

    private void stop() {
        boolean computing;
        synchronized (this) {
            stopping = true;
            computing = active != null;
            if (active != null) {
                active.run();
            }
        }
        try {
            if (closed.await(computing ? COMPUTING_SECONDS : OTHERWISE_SECONDS, TimeUnit.SECONDS) || !computing) {
                farewell.run();
            } // else a tile does not end; what is stored is stored
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody else can hear it: the process ends
        }
    }

    @Override
    public void close() {
        closed.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException ending) {
            // The hook runs already, and has been told.
        }
    }
}

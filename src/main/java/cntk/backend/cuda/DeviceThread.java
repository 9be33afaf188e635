package cntk.backend.cuda;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that a device belongs to. Another thread hands it work and waits for the end; if it is interrupted meanwhile, the
 * work is asked to stop and waited for nevertheless, so that nothing runs on behind its back. One caller at a time.
 */
final class DeviceThread {
    private final ExecutorService thread;
    private volatile boolean stopAsked;

    DeviceThread(String name) {
        thread = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().daemon().name(name).factory());
    }

    /** Work that can be stopped between two steps. */
    @FunctionalInterface
    interface Work {
        void run() throws StoppedWork;
    }

    /** Thrown by {@link #checkStop}. */
    static final class StoppedWork extends Exception {
        private static final long serialVersionUID = 1L;
    }

    /**
     * Runs work on the device's thread.
     *
     * @throws InterruptedException if the calling thread is interrupted; the work has ended then
     */
    void call(Work work) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        stopAsked = false;
        Boolean _ = await(thread.submit(() -> {
            try {
                work.run();
                return true;
            } catch (StoppedWork _) {
                return false; // the interrupt that asked for it is known to the caller
            }
        }));
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    /** For the work, between two steps of it. */
    void checkStop() throws StoppedWork {
        if (stopAsked) {
            throw new StoppedWork();
        }
    }

    /** Runs work that nothing stops, such as closing; an interrupt of the calling thread is kept. */
    <T> T finish(Callable<T> work) {
        return await(thread.submit(work));
    }

    /** Ends the thread when its work is done. */
    void end() {
        thread.shutdown();
    }

    private <T> T await(Future<T> result) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return result.get();
                } catch (InterruptedException _) {
                    interrupted = true;
                    stopAsked = true;
                } catch (ExecutionException e) {
                    throw unchecked(e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static RuntimeException unchecked(@Nullable Throwable cause) {
        return switch (cause) {
            case null -> new IllegalStateException("work failed without a cause");
            case Error e -> throw e;
            case RuntimeException e -> e;
            default -> new IllegalStateException(cause);
        };
    }
}

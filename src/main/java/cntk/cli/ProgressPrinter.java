package cntk.cli;

import cntk.backend.WorkerLostException;
import cntk.plan.Tile;
import cntk.schedule.Progress;
import cntk.schedule.ProgressLine;
import cntk.schedule.ProgressListener;
import java.io.PrintWriter;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Shows on standard error how far the tiles are, and what went wrong with one: a line that rewrites itself on a terminal,
 * a line every ten seconds elsewhere.
 */
final class ProgressPrinter implements ProgressListener, AutoCloseable {
    private static final long TICK_MILLIS = 100;
    private static final String CLEAR = "\r\u001b[K";
    /** A line that is wrapped cannot rewrite itself, so a narrow terminal cuts it off. */
    private static final String WRAP_OFF = "\u001b[?7l";

    private static final String WRAP_ON = "\u001b[?7h";

    private final Progress progress;
    private final ProgressLine line;
    private final boolean terminal;
    private final PrintWriter err;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("progress").factory());
    private boolean lineIsOpen;
    private boolean paused;
    private boolean closed;

    private ProgressPrinter(Progress progress, boolean terminal, PrintWriter err) {
        this.progress = progress;
        this.line = new ProgressLine("kernel", progress, terminal);
        this.terminal = terminal;
        this.err = err;
    }

    /** @param totalPairs of all matrices to come */
    static ProgressPrinter start(long totalPairs, PrintWriter err) {
        ProgressPrinter printer = new ProgressPrinter(new Progress(totalPairs), Terminal.isStandardError(), err);
        ScheduledFuture<?> _ =
                printer.clock.scheduleAtFixedRate(printer::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
        return printer;
    }

    private synchronized void tick() {
        if (!closed && !paused) {
            line.due().ifPresent(text -> {
                err.print(terminal ? WRAP_OFF + text + WRAP_ON : text);
                err.flush();
                lineIsOpen = terminal;
            });
        }
    }

    /** A line of its own, above the progress. */
    synchronized void say(String message) {
        clear();
        err.println("cntk: " + message);
        err.flush();
    }

    /** What computes, and why. */
    void say(KernelSession session) {
        say("backend " + session.name() + " (" + session.description() + "), " + session.reason());
    }

    /** No more lines of tiles: what comes now speaks for itself. */
    synchronized void tilesAreDone() {
        clear();
        paused = true;
    }

    /** Share of the pairs that are in the stores, 0 to 1. */
    double share() {
        return progress.totalPairs() == 0 ? 1 : (double) progress.donePairs() / progress.totalPairs();
    }

    @Override
    public void started(Work work, Work stored) {
        progress.started(work, stored);
    }

    @Override
    public void tileDone(Tile tile, long pairs, String worker) {
        progress.tileDone(tile, pairs, worker);
    }

    @Override
    public void tileFailed(Tile tile, String worker, int attempt, Exception cause) {
        if (!(cause instanceof WorkerLostException)) { // its reason comes with the next event
            say("tile " + tile + " failed on " + worker + ", attempt " + attempt + ": " + cause);
        }
    }

    @Override
    public void tileTakenOver(Tile tile, String slow, String worker) {
        say("tile " + tile + " takes long on " + slow + ": " + worker + " computes it too");
    }

    @Override
    public void workerLost(String worker, Exception cause) {
        String reason = cause instanceof WorkerLostException ? String.valueOf(cause.getMessage()) : cause.toString();
        say("worker " + worker + " gets no more tiles: "
                + reason.lines().findFirst().orElse(reason)); // a hint follows if no worker is left
    }

    @Override
    public void close() {
        clock.shutdownNow();
        synchronized (this) {
            closed = true;
            clear();
        }
    }

    private void clear() {
        if (lineIsOpen) {
            err.print(CLEAR);
            err.flush();
            lineIsOpen = false;
        }
    }
}

package cntk.cli;

import cntk.solve.PcgListener;
import java.nio.file.Path;
import java.util.Locale;

/** Says on standard error how an iterative solve goes on: every ten seconds, and when something happens. */
final class PcgLines implements PcgListener {
    private static final long LINE_NANOS = 10_000_000_000L;

    private final ProgressPrinter printer;
    private long lastLine = System.nanoTime();

    PcgLines(ProgressPrinter printer) {
        this.printer = printer;
    }

    @Override
    public void preconditioned(int rank, double seconds) {
        say(String.format(Locale.ROOT, "preconditioner of rank %,d in %.1f s", rank, seconds));
    }

    @Override
    public void replaced(Path file) {
        say(String.format(Locale.ROOT, "%s is of other equations and is replaced", file));
    }

    @Override
    public void resumed(int iteration, boolean sameBits) {
        say(String.format(
                Locale.ROOT,
                "goes on from iteration %d%s",
                iteration,
                sameBits ? "" : " with its solution alone: the preconditioner is another one"));
    }

    @Override
    public void iteration(int iteration, double residual) {
        if (System.nanoTime() - lastLine >= LINE_NANOS) {
            say(String.format(Locale.ROOT, "iteration %d, relative residual %.1e", iteration, residual));
        }
    }

    @Override
    public void restarted(int iteration, double residual) {
        say(String.format(
                Locale.ROOT,
                "iteration %d: begins new directions at the true relative residual %.1e",
                iteration,
                residual));
    }

    private void say(String line) {
        printer.say("solve: " + line);
        lastLine = System.nanoTime();
    }
}

package cntk.schedule;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.LongSupplier;

/**
 * The progress as one line for people, and when to show it: often on a terminal, where it overwrites itself, every ten
 * seconds in a log. Prints nothing itself.
 */
public final class ProgressLine {
    private static final int BAR_WIDTH = 24;
    private static final long TERMINAL_NANOS = 200_000_000L;
    private static final long LOG_NANOS = 10_000_000_000L;

    private final String title;
    private final Progress progress;
    private final boolean terminal;
    private final LongSupplier nanoClock;
    private long shownAt;

    /** @param title such as {@code train} */
    public ProgressLine(String title, Progress progress, boolean terminal) {
        this(title, progress, terminal, System::nanoTime);
    }

    ProgressLine(String title, Progress progress, boolean terminal, LongSupplier nanoClock) {
        this.title = title;
        this.progress = progress;
        this.terminal = terminal;
        this.nanoClock = nanoClock;
        this.shownAt = nanoClock.getAsLong();
    }

    /**
     * What to print now, if the last line is old enough. On a terminal it starts with a carriage return and clears the rest of
     * the line, in a log it ends with a line feed.
     */
    public synchronized Optional<String> due() {
        long now = nanoClock.getAsLong();
        if (now - shownAt < (terminal ? TERMINAL_NANOS : LOG_NANOS)) {
            return Optional.empty();
        }
        shownAt = now;
        return Optional.of(terminal ? "\r" + text() + "\u001b[K" : text() + "\n");
    }

    /** {@code train [=====>      ] 42.0%  1,050,000 of 2,500,000 pairs  312,000 pairs/s  5 s left}. */
    public String text() {
        long done = progress.donePairs();
        long total = progress.totalPairs();
        double share = total == 0 ? 1 : (double) done / total;
        StringBuilder line = new StringBuilder(title).append(' ').append(bar(share));
        line.append(
                String.format(Locale.ROOT, " %5.1f%%  %,d of %,d pairs", Math.floor(share * 1000) / 10, done, total));
        progress.pairsPerSecond().ifPresent(rate -> line.append("  ").append(rate(rate)));
        OptionalDouble left = progress.secondsLeft();
        if (done < total && left.isPresent()) {
            line.append("  ").append(duration(left.getAsDouble())).append(" left");
        }
        return line.toString();
    }

    private static String bar(double share) {
        int full = (int) (share * BAR_WIDTH);
        String head = full < BAR_WIDTH ? ">" : "";
        return "[" + "=".repeat(full) + head + " ".repeat(BAR_WIDTH - full - head.length()) + "]";
    }

    private static String rate(double pairsPerSecond) {
        return String.format(Locale.ROOT, pairsPerSecond < 100 ? "%.1f pairs/s" : "%,.0f pairs/s", pairsPerSecond);
    }

    /** Two units are enough: {@code 50 s}, {@code 3 min 20 s}, {@code 2 h 5 min}, {@code 3 d 4 h}. */
    public static String duration(double seconds) {
        long whole = (long) Math.ceil(seconds);
        if (whole < 60) {
            return whole + " s";
        }
        if (whole < 3600) {
            return whole / 60 + " min " + whole % 60 + " s";
        }
        if (whole < 86_400) {
            return whole / 3600 + " h " + whole % 3600 / 60 + " min";
        }
        return whole / 86_400 + " d " + whole % 86_400 / 3600 + " h";
    }
}

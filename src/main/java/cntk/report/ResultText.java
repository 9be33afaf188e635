package cntk.report;

import cntk.solve.PcgReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The result of {@code cntk run} for people: plain ASCII, at most 100 columns wide where single words allow. */
public final class ResultText {
    private static final int WIDTH = 100;
    private static final int LABEL = 12;
    private static final int BAR = 40;
    private static final int MISTAKES = 3;

    private final StringBuilder text = new StringBuilder();

    private ResultText() {}

    /** The whole text, every line ended by a line feed. */
    public static String of(SweepResult result) {
        ResultText page = new ResultText();
        page.setup(result.main());
        page.accuracy(result.main().evaluation());
        page.classes(result.main().evaluation());
        page.closing(result.main());
        page.readouts(result.readouts());
        return page.text.toString();
    }

    /** The other networks of the sweep, a line each. */
    private void readouts(List<SweepResult.Readout> readouts) {
        if (readouts.isEmpty()) {
            return;
        }
        int name = "readout".length();
        for (SweepResult.Readout readout : readouts) {
            name = Math.max(name, readout.label().length());
        }
        text.append(String.format(
                Locale.ROOT,
                "\n  %-" + name + "s  %-12s  %10s  %s\n",
                "readout",
                "network id",
                "accuracy",
                "condition"));
        for (SweepResult.Readout readout : readouts) {
            RunResult result = readout.result();
            text.append(String.format(
                    Locale.ROOT,
                    "  %-" + name + "s  %-12s  %8.2f %%  %.1e\n",
                    readout.label(),
                    result.networkId(),
                    100 * result.evaluation().overall().share(),
                    result.solve().condition()));
        }
    }

    private void setup(RunResult result) {
        RunResult.Kernel kernel = result.kernel();
        RunResult.Solve solve = result.solve();
        line("network", wrapped(result.network()));
        line("", "id " + result.networkId());
        line("images", "%s training, %s test".formatted(grouped(result.train()), grouped(result.test())));
        line(
                "kernel",
                kernel.kind()
                        + (kernel.flip() ? " averaged over flips" : "")
                        + (kernel.unitDiagonal() ? " scaled to unit diagonal" : "")
                        + " in " + kernel.precision() + ", " + kernel.backendDescription());
        line("pairs", pairs(kernel));
        if (solve.pcg() != null) {
            iterative(solve, solve.pcg());
            return;
        }
        line(
                "solve",
                String.format(
                        Locale.ROOT,
                        "%s, ridge %s, condition %.1e, %s on %s",
                        solve.solver(),
                        number(solve.ridge()),
                        solve.condition(),
                        duration(solve.seconds()),
                        solve.solver().equals("cpu") ? count(solve.blasThreads(), "thread") : solve.solver()));
    }

    private void iterative(RunResult.Solve solve, PcgReport pcg) {
        line(
                "solve",
                String.format(
                        Locale.ROOT,
                        "ridge %s, %s of conjugate gradients, %s on %s",
                        number(solve.ridge()),
                        count(pcg.iterations(), "iteration"),
                        duration(solve.seconds()),
                        count(solve.blasThreads(), "thread")));
        line(
                "",
                String.format(
                        Locale.ROOT,
                        "relative residual %.1e, error of predictions below %.0e (estimate)",
                        pcg.largestResidual(),
                        pcg.predictionError()));
        line(
                "",
                String.format(
                        Locale.ROOT,
                        "rank %s, condition %.1e with preconditioner, %.2f GB read",
                        grouped(pcg.rank()),
                        pcg.condition(),
                        pcg.bytesRead() / 1e9));
    }

    private static String pairs(RunResult.Kernel kernel) {
        String all = grouped(kernel.pairs());
        if (kernel.computedPairs() == 0) {
            return all + ", all found in the store";
        }
        String kept = kernel.computedPairs() == kernel.pairs()
                ? ""
                : ", " + grouped(kernel.computedPairs()) + " computed now";
        String rate = grouped(Math.round(kernel.pairsPerSecond()));
        return all + kept + " in " + duration(kernel.seconds()) + ", " + rate + " pairs/s";
    }

    private void accuracy(Evaluation evaluation) {
        Proportion overall = evaluation.overall();
        text.append('\n');
        line(
                "accuracy",
                String.format(
                        Locale.ROOT,
                        "%.2f %%  (%s of %s; 95%% interval %.2f to %.2f %%)",
                        100 * overall.share(),
                        grouped(overall.successes()),
                        grouped(overall.trials()),
                        100 * overall.low(),
                        100 * overall.high()));
        text.append('\n');
    }

    private void classes(Evaluation evaluation) {
        int name = LABEL - 2;
        for (String className : evaluation.classNames()) {
            name = Math.max(name, className.length());
        }
        text.append(String.format(
                Locale.ROOT, "  %-" + name + "s  %7s  %7s  %8s\n", "class", "images", "correct", "accuracy"));
        for (int c = 0; c < evaluation.classNames().size(); c++) {
            Proportion share = evaluation.ofClass(c);
            String accuracy = share.trials() == 0 ? "-" : String.format(Locale.ROOT, "%.1f %%", 100 * share.share());
            String bar = share.trials() == 0 ? "" : "  " + "#".repeat((int) Math.round(BAR * share.share()));
            String row = String.format(
                    Locale.ROOT,
                    "  %-" + name + "s  %7d  %7d  %8s%s",
                    evaluation.classNames().get(c),
                    share.trials(),
                    share.successes(),
                    accuracy,
                    bar);
            text.append(row.stripTrailing()).append('\n');
        }
    }

    private void closing(RunResult result) {
        text.append('\n');
        List<String> mistakes = new ArrayList<>();
        for (Evaluation.Confusion mistake : result.evaluation().mistakes(MISTAKES)) {
            mistakes.add(mistake.label() + " as " + mistake.predicted() + " (" + grouped(mistake.count()) + ")");
        }
        if (!mistakes.isEmpty()) {
            line("mistakes", wrapped("most often " + String.join(", ", mistakes)));
        }
        line("files", result.out());
        for (String warning : result.warnings()) {
            line("warning", wrapped(warning));
        }
    }

    private void line(String label, String value) {
        text.append(String.format(Locale.ROOT, "%-" + LABEL + "s%s\n", label, value));
    }

    /** Breaks at spaces, indented below the first line. */
    private static String wrapped(String words) {
        StringBuilder lines = new StringBuilder();
        int column = LABEL;
        for (String word : words.split(" ")) {
            if (column > LABEL && column + 1 + word.length() > WIDTH) {
                lines.append('\n').append(" ".repeat(LABEL));
                column = LABEL;
            } else if (column > LABEL) {
                lines.append(' ');
                column++;
            }
            lines.append(word);
            column += word.length();
        }
        return lines.toString();
    }

    /** 0.42 s, 12.3 s, 4 min 05 s, 2 h 03 min. */
    static String duration(double seconds) {
        if (seconds < 10) {
            return String.format(Locale.ROOT, "%.2f s", seconds);
        }
        if (seconds < 60) {
            return String.format(Locale.ROOT, "%.1f s", seconds);
        }
        long whole = Math.round(seconds);
        return whole < 3600
                ? String.format(Locale.ROOT, "%d min %02d s", whole / 60, whole % 60)
                : String.format(Locale.ROOT, "%d h %02d min", whole / 3600, whole % 3600 / 60);
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e9
                ? Long.toString((long) value)
                : Double.toString(value);
    }

    private static String count(int number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }

    /** 1,234,567. */
    private static String grouped(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }
}

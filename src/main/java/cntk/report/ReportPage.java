package cntk.report;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** {@code report.html}: a run on one page that needs no network, no script and no other file. */
public final class ReportPage {
    private static final String STYLE = """
            :root { color-scheme: light; }
            body { font: 15px/1.5 system-ui, sans-serif; color: #1c2430; background: #fff; margin: 0 auto; max-width: 1180px;
              padding: 24px; }
            h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 34px 0 10px;
              border-bottom: 1px solid #dde3ea; padding-bottom: 4px; }
            code, pre { font: 13px/1.45 ui-monospace, monospace; } pre { background: #f3f5f8; padding: 12px 14px;
              overflow-x: auto; border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
            .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(480px, 1fr)); gap: 22px; }
            figure { margin: 0; } figcaption { color: #55606e; font-size: 13px; margin-top: 4px; }
            .big { font-size: 44px; font-weight: 650; } .muted { color: #55606e; }
            table { border-collapse: collapse; } .facts th { text-align: left; font-weight: 500; color: #55606e;
              padding: 2px 18px 2px 0; vertical-align: top; } .facts td { overflow-wrap: anywhere; }
            .confusion td, .confusion th { padding: 3px 6px; text-align: right; font-size: 13px; font-weight: 400; }
            .confusion td { min-width: 34px; border: 1px solid #fff; }
            .wrong { display: grid; grid-template-columns: repeat(auto-fill, minmax(104px, 1fr)); gap: 14px; }
            .wrong img { width: 96px; height: 96px; image-rendering: pixelated; border-radius: 4px; }
            .heat { width: 100%; max-width: 520px; image-rendering: pixelated; }
            svg { width: 100%; height: auto; font: 11px system-ui, sans-serif; }
            svg .title { font-size: 14px; font-weight: 600; fill: #1c2430; } svg .name { fill: #55606e; font-size: 12px; }
            svg .tick { fill: #55606e; } svg .grid { stroke: #e6eaef; } svg .mark { stroke: #8a94a3; stroke-dasharray: 3 3; }
            svg .legend { stroke-width: 2.5; }
            .bar { background: #1f5fa8; height: 12px; border-radius: 2px; }
            .left-out { background: #fff6e0; padding: 8px 12px; border-radius: 6px; }
            """;

    private final StringBuilder body = new StringBuilder();
    private final String title;
    private boolean figuresOpen;

    public ReportPage(String title) {
        this.title = title;
    }

    /** Headline, the accuracy in large figures, and what was run. */
    public ReportPage headline(String subtitle, Proportion accuracy, List<List<String>> facts) {
        body.append("<h1>").append(Html.escaped(title)).append("</h1>\n<p class=\"muted\">");
        body.append(Html.escaped(subtitle)).append("</p>\n");
        body.append(String.format(
                Locale.ROOT,
                "<p><span class=\"big\" id=\"accuracy\">%.2f %%</span> <span class=\"muted\">%,d of %,d test images; 95 %% interval %.2f to %.2f %%</span></p>\n",
                100 * accuracy.share(),
                accuracy.successes(),
                accuracy.trials(),
                100 * accuracy.low(),
                100 * accuracy.high()));
        body.append(Html.facts(facts));
        return this;
    }

    /** A heading; what follows stands below it. */
    public ReportPage section(String heading) {
        closeFigures();
        body.append("<h2>").append(Html.escaped(heading)).append("</h2>\n");
        return this;
    }

    /** A diagram beside the last one. */
    public ReportPage figure(String id, LinePlot plot, String caption) {
        return figure(id, plot.svg(), caption);
    }

    /** A heat map beside the last figure. */
    public ReportPage heatMap(String id, double[][] matrix, String caption) {
        return figure(id, Html.picture(Pictures.heatMap(matrix), "heat", caption), caption);
    }

    private ReportPage figure(String id, String content, String caption) {
        if (!figuresOpen) {
            body.append("<div class=\"figures\">\n");
            figuresOpen = true;
        }
        body.append("<figure id=\"").append(id).append("\">").append(content);
        body.append("<figcaption>").append(Html.escaped(caption)).append("</figcaption></figure>\n");
        return this;
    }

    /** Says why a figure is not there. */
    public ReportPage leftOut(String reason) {
        closeFigures();
        body.append("<p class=\"left-out\">").append(Html.escaped(reason)).append("</p>\n");
        return this;
    }

    /** Words between figures. */
    public ReportPage paragraph(String words) {
        closeFigures();
        body.append("<p>").append(Html.escaped(words)).append("</p>\n");
        return this;
    }

    /** Rows are labels, columns what was predicted. */
    public ReportPage confusion(Evaluation evaluation) {
        closeFigures();
        List<String> names = evaluation.classNames();
        body.append("<table class=\"confusion\" id=\"confusion\"><tr><th></th>");
        names.forEach(name -> body.append("<th>").append(Html.escaped(name)).append("</th>"));
        body.append("<th>right</th></tr>\n");
        for (int label = 0; label < names.size(); label++) {
            Proportion share = evaluation.ofClass(label);
            body.append("<tr><th>").append(Html.escaped(names.get(label))).append("</th>");
            for (int predicted = 0; predicted < names.size(); predicted++) {
                int count = evaluation.confusion(label, predicted);
                double part = share.trials() == 0 ? 0 : count / (double) share.trials();
                String colour = label == predicted ? "46,133,64" : "196,80,27";
                body.append(String.format(
                        Locale.ROOT, "<td style=\"background:rgba(%s,%.2f)\">%d</td>", colour, 0.85 * part, count));
            }
            body.append(
                    share.trials() == 0
                            ? "<th>-</th>"
                            : String.format(Locale.ROOT, "<th>%.1f %%</th>", 100 * share.share()));
            body.append("</tr>\n");
        }
        body.append("</table>\n<p class=\"muted\">Rows: labels; columns: predictions.</p>\n");
        return this;
    }

    /** A picture with a line below. */
    public record Captioned(BufferedImage picture, String caption) {}

    /** Small pictures side by side. */
    public ReportPage pictures(String id, List<Captioned> pictures) {
        closeFigures();
        body.append("<div class=\"wrong\" id=\"").append(id).append("\">\n");
        for (Captioned one : pictures) {
            body.append("<figure>").append(Html.picture(one.picture(), "image", one.caption()));
            body.append("<figcaption>").append(Html.escaped(one.caption())).append("</figcaption></figure>\n");
        }
        body.append("</div>\n");
        return this;
    }

    /** Seconds per stage as bars. */
    public ReportPage timings(List<RunRecord.Stage> stages) {
        closeFigures();
        double longest =
                stages.stream().mapToDouble(RunRecord.Stage::seconds).max().orElse(1);
        body.append("<table class=\"facts\" id=\"timings\">\n");
        for (RunRecord.Stage stage : stages) {
            body.append(String.format(
                    Locale.ROOT,
                    "<tr><th>%s</th><td>%s</td><td style=\"width:420px\"><div class=\"bar\" style=\"width:%.1f%%\"></div></td></tr>\n",
                    Html.escaped(stage.name()),
                    ResultText.duration(stage.seconds()),
                    longest > 0 ? Math.max(0.3, 100 * stage.seconds() / longest) : 0));
        }
        body.append("</table>\n");
        return this;
    }

    /** Words to be copied. */
    public ReportPage command(String command) {
        closeFigures();
        body.append("<pre id=\"command\">").append(Html.escaped(command)).append("</pre>\n");
        return this;
    }

    /** The facts of something else than the headline. */
    public ReportPage facts(List<List<String>> facts) {
        closeFigures();
        body.append(Html.facts(new ArrayList<>(facts)));
        return this;
    }

    private void closeFigures() {
        if (figuresOpen) {
            body.append("</div>\n");
            figuresOpen = false;
        }
    }

    /** Writes the page whole or not at all. */
    public void write(Path file) {
        closeFigures();
        WholeFile.write(
                file,
                out -> out.append("<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">")
                        .append("<meta name=\"viewport\" content=\"width=device-width\">")
                        .append("<link rel=\"icon\" href=\"data:,\"><title>")
                        .append(Html.escaped(title))
                        .append("</title>\n<style>\n")
                        .append(STYLE)
                        .append("</style></head>\n<body>\n")
                        .append(body)
                        .append("</body>\n</html>\n"));
    }
}

package cntk.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A diagram of lines and points as SVG that a page can hold inline; axes linear or logarithmic. */
public final class LinePlot {
    private static final int WIDTH = 560;
    private static final int HEIGHT = 330;
    private static final int LEFT = 64;
    private static final int RIGHT = 16;
    private static final int TOP = 30;
    private static final int BOTTOM = 46;
    private static final int TICKS = 6;
    private static final int LEGEND = 90;
    private static final double RADIUS = 2.6;
    private static final List<String> COLOURS = List.of("#1f5fa8", "#c4501b", "#2e8540", "#7b4fa3");

    /** One line: equal numbers of x and y; what is not finite, or not above 0 on a logarithmic axis, is left out. */
    private record Series(String name, double[] x, double[] y, double[] spread) {}

    private final String title;
    private final Axis horizontal;
    private final Axis vertical;
    private final List<Series> series = new ArrayList<>();
    private final List<String> marks = new ArrayList<>();
    private final List<Double> marked = new ArrayList<>();

    /** An axis: its name and whether it is logarithmic. */
    public record Axis(String name, boolean logarithmic) {
        boolean shows(double value) {
            return Double.isFinite(value) && (!logarithmic || value > 0);
        }

        double place(double value) {
            return logarithmic ? Math.log10(value) : value;
        }
    }

    public LinePlot(String title, Axis horizontal, Axis vertical) {
        this.title = title;
        this.horizontal = horizontal;
        this.vertical = vertical;
    }

    /** Adds a line. */
    public LinePlot line(String name, double[] x, double[] y) {
        return line(name, x, y, new double[0]);
    }

    /** Adds a line with bars of {@code spread} up and down; points are drawn where there are few. */
    public LinePlot line(String name, double[] x, double[] y, double[] spread) {
        series.add(new Series(name, x.clone(), y.clone(), spread.clone()));
        return this;
    }

    /** Marks a place on the horizontal axis. */
    public LinePlot mark(String name, double x) {
        marks.add(name);
        marked.add(x);
        return this;
    }

    /** The diagram. */
    public String svg() {
        Range across = range(true);
        Range up = range(false);
        StringBuilder svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\" xmlns=\"http://www.w3.org/2000/svg\">\n",
                WIDTH,
                HEIGHT,
                Html.escaped(title)));
        text(svg, LEFT, 18, "start", "title", title);
        grid(svg, across, horizontal, true);
        grid(svg, up, vertical, false);
        text(svg, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 8, "middle", "name", horizontal.name());
        svg.append(String.format(
                Locale.ROOT,
                "<text class=\"name\" text-anchor=\"middle\" transform=\"translate(14 %d) rotate(-90)\">%s</text>\n",
                (TOP + HEIGHT - BOTTOM) / 2,
                Html.escaped(vertical.name())));
        for (int mark = 0; mark < marks.size(); mark++) {
            if (horizontal.shows(marked.get(mark))) {
                double x = across.of(horizontal.place(marked.get(mark)), LEFT, WIDTH - RIGHT);
                segment(svg, "mark", x, TOP, x, HEIGHT - BOTTOM);
                text(svg, x + 4, TOP + 12, "start", "tick", marks.get(mark));
            }
        }
        for (int index = 0; index < series.size(); index++) {
            draw(svg, index, across, up);
        }
        return svg.append("</svg>\n").toString();
    }

    /** From the least to the largest place on an axis. */
    private record Range(double low, double high) {
        double of(double place, double from, double to) {
            return from + (place - low) / (high - low) * (to - from);
        }
    }

    private Range range(boolean across) {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (Series one : series) {
            for (int at = 0; at < one.x().length; at++) {
                if (horizontal.shows(one.x()[at]) && vertical.shows(one.y()[at])) {
                    double place = across ? horizontal.place(one.x()[at]) : vertical.place(one.y()[at]);
                    low = Math.min(low, place);
                    high = Math.max(high, place);
                }
            }
        }
        if (low > high) {
            return new Range(0, 1); // nothing to show
        }
        double margin = high > low ? 0.04 * (high - low) : Math.max(0.5, Math.abs(high) * 0.1);
        return new Range(low - margin, high + margin);
    }

    private void grid(StringBuilder svg, Range range, Axis axis, boolean across) {
        double step = step(range, axis);
        for (double place = Math.ceil(range.low() / step) * step; place <= range.high(); place += step) {
            String label = axis.logarithmic() ? power(place) : number(place, step);
            if (across) {
                double x = range.of(place, LEFT, WIDTH - RIGHT);
                segment(svg, "grid", x, TOP, x, HEIGHT - BOTTOM);
                text(svg, x, HEIGHT - BOTTOM + 16, "middle", "tick", label);
            } else {
                double y = range.of(place, HEIGHT - BOTTOM, TOP);
                segment(svg, "grid", LEFT, y, WIDTH - RIGHT, y);
                text(svg, LEFT - 6, y + 4, "end", "tick", label);
            }
        }
    }

    /** 1, 2 or 5 times a power of ten; whole decades on a logarithmic axis that has at least two of them. */
    private static double step(Range range, Axis axis) {
        double rough = (range.high() - range.low()) / TICKS;
        double power = Math.pow(10, Math.floor(Math.log10(rough)));
        double step =
                rough > 5 * power ? 10 * power : rough > 2 * power ? 5 * power : rough > power ? 2 * power : power;
        return axis.logarithmic() && range.high() - range.low() > 2 ? Math.max(1, Math.rint(step)) : step;
    }

    private static String power(double place) {
        return Math.abs(place - Math.rint(place)) < 1e-9
                ? String.format(Locale.ROOT, "1e%d", Math.round(place))
                : String.format(Locale.ROOT, "%.3g", Math.pow(10, place));
    }

    private static String number(double place, double step) {
        int digits = (int) Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
        return String.format(Locale.ROOT, "%." + digits + "f", Math.abs(place) < step / 1e6 ? 0.0 : place);
    }

    private void draw(StringBuilder svg, int index, Range across, Range up) {
        Series one = series.get(index);
        String colour = COLOURS.get(index % COLOURS.size());
        StringBuilder path = new StringBuilder();
        StringBuilder points = new StringBuilder();
        boolean few = one.x().length <= 40;
        for (int at = 0; at < one.x().length; at++) {
            if (!horizontal.shows(one.x()[at]) || !vertical.shows(one.y()[at])) {
                continue;
            }
            double x = across.of(horizontal.place(one.x()[at]), LEFT, WIDTH - RIGHT);
            double y = up.of(vertical.place(one.y()[at]), HEIGHT - BOTTOM, TOP);
            path.append(String.format(Locale.ROOT, "%s%.1f %.1f", path.isEmpty() ? "M" : "L", x, y));
            if (few) {
                points.append(String.format(
                        Locale.ROOT, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\"/>", x, y, RADIUS, colour));
            }
            double spread = at < one.spread().length ? one.spread()[at] : 0;
            if (spread > 0 && vertical.shows(one.y()[at] - spread)) {
                double top = up.of(vertical.place(one.y()[at] + spread), HEIGHT - BOTTOM, TOP);
                double bottom = up.of(vertical.place(one.y()[at] - spread), HEIGHT - BOTTOM, TOP);
                points.append(String.format(
                        Locale.ROOT,
                        "<path d=\"M%.1f %.1fV%.1f\" stroke=\"%s\" stroke-width=\"1.2\"/>",
                        x,
                        top,
                        bottom,
                        colour));
            }
        }
        svg.append(String.format(
                Locale.ROOT,
                "<path class=\"line\" d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.8\"/>%s\n",
                path,
                colour,
                points));
        if (series.size() > 1) {
            double x = WIDTH - RIGHT - LEGEND * (series.size() - index);
            segment(svg, "legend\" stroke=\"" + colour, x, 14, x + 18, 14);
            text(svg, x + 24, 18, "start", "tick", one.name());
        }
    }

    private static void segment(StringBuilder svg, String kind, double x1, double y1, double x2, double y2) {
        svg.append(String.format(
                Locale.ROOT,
                "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
                kind,
                x1,
                y1,
                x2,
                y2));
    }

    private static void text(StringBuilder svg, double x, double y, String anchor, String kind, String words) {
        svg.append(String.format(
                Locale.ROOT,
                "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n",
                kind,
                x,
                y,
                anchor,
                Html.escaped(words)));
    }
}

package cntk.cli;

import cntk.dataset.InputException;
import cntk.report.Curve;
import cntk.report.LinePlot;
import cntk.report.ReportPage;
import cntk.solve.Folds;
import cntk.solve.GradientFlow;
import cntk.solve.LearningCurve;
import cntk.solve.NativeMatrix;
import cntk.solve.OpenBlas;
import cntk.solve.RidgePath;
import cntk.solve.SpectralRegression;
import cntk.solve.Spectrum;
import cntk.solve.SpectrumCache;
import cntk.solve.TrainingCurves;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The figures of a report that need regressions of their own: learning curve, spectrum, ridge path, training. */
final class ReportFigures {
    private static final String TIMES = "log:1e-2:1e6:60";
    private static final int DRAWS = 3;
    private static final double LEAST_LOSS = 1e-4;

    private final KernelData data;
    private final int threads;
    private final PrintWriter err;

    ReportFigures(KernelData data, int threads, PrintWriter err) {
        this.data = data;
        this.threads = threads;
        this.err = err;
    }

    /**
     * Adds them, or why they are left out.
     *
     * @param ridge of the run, for the learning curve
     * @param largest training images up to which an eigendecomposition is made
     */
    void addTo(ReportPage page, double ridge, int largest) {
        boolean kept = data.cache()
                .map(folder -> Files.exists(folder.resolve(SpectrumCache.FILE_NAME)))
                .orElse(false);
        if (data.size() > largest && !kept) {
            page.leftOut("Spectrum, ridge path, training and learning curve of " + data.size()
                    + " images take minutes and are left out here: cntk report --run "
                    + ShellWord.quoted(data.place()) + " adds them.");
            return;
        }
        OpenBlas blas = data.blas(threads);
        try (NativeMatrix targets = data.targets()) {
            SpectrumCache.Outcome outcome = data.spectrum(blas, err);
            try (Spectrum spectrum = outcome.spectrum();
                    SpectralRegression regression = new SpectralRegression(spectrum, targets)) {
                if (spectrum.largest() <= 0) { // a network without a trained layer has the NTK 0
                    page.leftOut("Spectrum, ridge path, training and learning curve: the kernel is zero.");
                    return;
                }
                spectrum(page, regression);
                page.section("Regression");
                ridgePath(page, regression, ridge);
                training(page, blas, regression);
            }
            learningCurve(page, blas, targets, ridge);
        }
    }

    private static void spectrum(ReportPage page, SpectralRegression regression) {
        Spectrum spectrum = regression.spectrum();
        int n = spectrum.size();
        double[] index = new double[n];
        double[] values = new double[n];
        double[] labels = new double[n];
        double total = 0;
        for (int mode = 0; mode < n; mode++) {
            total += regression.modeEnergy(mode);
        }
        double sum = 0;
        for (int place = 0; place < n; place++) {
            index[place] = place + 1.0;
            values[place] = spectrum.value(n - 1 - place);
            sum += regression.modeEnergy(n - 1 - place);
            labels[place] = sum / total;
        }
        LinePlot.Axis direction = new LinePlot.Axis("direction", true);
        page.figure(
                "spectrum",
                new LinePlot("Spectrum", direction, new LinePlot.Axis("eigenvalue", true)).line("", index, values),
                String.format(
                        Locale.ROOT,
                        "Eigenvalues from %.3g to %.3g, condition %.3g; rounding floor %.1g",
                        spectrum.largest(),
                        spectrum.smallest(),
                        spectrum.condition(0),
                        spectrum.roundingFloor()));
        page.figure(
                "alignment",
                new LinePlot(
                                "Labels in the leading directions",
                                direction,
                                new LinePlot.Axis("share of the labels", false))
                        .line("", index, labels),
                "Share of the centred one-hot labels that lies in the leading eigenvectors");
    }

    private static void ridgePath(ReportPage page, SpectralRegression regression, double ridge) {
        RidgePath path = new RidgePath(regression);
        List<RidgePath.Point> points = path.errors(path.grid(), List.of());
        if (points.isEmpty()) {
            page.leftOut("No ridge of the path makes the kernel positive definite.");
            return;
        }
        RidgePath.Point best = RidgePath.best(points, false);
        LinePlot plot = new LinePlot(
                        "Ridge path", new LinePlot.Axis("ridge", true), new LinePlot.Axis("mean squared error", false))
                .line(
                        "leave-one-out",
                        points.stream().mapToDouble(RidgePath.Point::ridge).toArray(),
                        points.stream().mapToDouble(RidgePath.Point::looMse).toArray())
                .mark(String.format(Locale.ROOT, "best %.3g", best.ridge()), best.ridge());
        page.figure(
                "ridge",
                plot,
                String.format(
                        Locale.ROOT,
                        "Leave-one-out error on the training images; least %.5f at ridge %.4g, the run took %s",
                        best.looMse(),
                        best.ridge(),
                        ridge));
    }

    private void training(ReportPage page, OpenBlas blas, SpectralRegression regression) {
        double[] times = TimeGrid.parse(TIMES);
        double scale = (double) data.size() * regression.outputs();
        // In units of the time constant of the fastest direction.
        GradientFlow flow = new GradientFlow(1 / regression.spectrum().largest());
        TrainingCurves curves = new TrainingCurves(regression, flow, 0);
        double[][] targets = new double[data.size()][regression.outputs()];
        for (int image = 0; image < targets.length; image++) {
            for (int output = 0; output < targets[image].length; output++) {
                targets[image][output] = regression.target(image, output);
            }
        }
        List<Curve> train = Arrays.stream(curves.train(times))
                .map(at -> Curve.of(at, targets, data.labels(), true))
                .toList();
        double[][] known = data.testTargets().orElseThrow();
        List<Curve> test = Arrays.stream(curves.test(blas, data.requiredCross(), times))
                .map(at -> Curve.of(at, known, data.testLabels(), true))
                .toList();
        LinePlot.Axis time = new LinePlot.Axis("training time, in time constants of the fastest direction", true);
        page.figure(
                "loss",
                new LinePlot("Loss while training", time, new LinePlot.Axis("loss", true))
                        .line(
                                "training",
                                times,
                                train.stream().mapToDouble(ReportFigures::shown).toArray())
                        .line(
                                "test",
                                times,
                                test.stream().mapToDouble(ReportFigures::shown).toArray()),
                String.format(
                        Locale.ROOT,
                        "Gradient flow from f = 0 on half the mean squared error; one unit is %.4g of cntk dynamics --loss mean",
                        scale / regression.spectrum().largest()));
        page.figure(
                "accuracy-time",
                new LinePlot("Accuracy while training", time, new LinePlot.Axis("accuracy", false))
                        .line(
                                "training",
                                times,
                                train.stream().mapToDouble(Curve::accuracy).toArray())
                        .line(
                                "test",
                                times,
                                test.stream().mapToDouble(Curve::accuracy).toArray()),
                "Training and test accuracy at the same times");
    }

    /** A loss on the way to the rounding error would press all others together. */
    private static double shown(Curve curve) {
        return curve.loss() < LEAST_LOSS ? Double.NaN : curve.loss();
    }

    private void learningCurve(ReportPage page, OpenBlas blas, NativeMatrix targets, double ridge) {
        List<Integer> sizes = LearningCurveCommand.doubling(data.size());
        List<int[]> parts = LearningCurve.parts(new Folds(data.size(), data.labels(), 1), data.size(), sizes, DRAWS);
        Map<Integer, List<Double>> bySize = new LinkedHashMap<>();
        try (LearningCurve curve = new LearningCurve(blas, data.kernel())) {
            double[] accuracies = LearningCurveCommand.accuracies(data, blas, curve, parts, targets, ridge);
            for (int part = 0; part < accuracies.length; part++) {
                bySize.computeIfAbsent(parts.get(part).length, _ -> new ArrayList<>())
                        .add(accuracies[part]);
            }
        } catch (InputException singular) {
            page.leftOut("Learning curve: " + singular.getMessage());
            return;
        }
        double[] x = new double[bySize.size()];
        double[] y = new double[x.length];
        double[] spread = new double[x.length];
        int at = 0;
        for (Map.Entry<Integer, List<Double>> entry : bySize.entrySet()) {
            x[at] = entry.getKey();
            y[at] = entry.getValue().stream()
                    .mapToDouble(Double::doubleValue)
                    .average()
                    .orElse(Double.NaN);
            double deviation = LearningCurveCommand.deviation(entry.getValue(), y[at]);
            spread[at++] = Double.isNaN(deviation) ? 0 : deviation;
        }
        page.figure(
                "learning-curve",
                new LinePlot(
                                "Learning curve",
                                new LinePlot.Axis("training images", true),
                                new LinePlot.Axis("test accuracy", false))
                        .line("", x, y, spread),
                "Class-balanced draws of the training images, " + DRAWS + " each, with their standard deviation");
    }
}

package cntk.cli;

import cntk.dataset.InputException;
import cntk.report.Evaluation;
import cntk.report.Proportion;
import cntk.solve.NativeMatrix;
import cntk.solve.OpenBlas;
import cntk.solve.Predictions;
import cntk.solve.Predictor;
import cntk.solve.RidgePath;
import cntk.solve.SpectralRegression;
import cntk.solve.Spectrum;
import cntk.solve.SpectrumCache;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cntk fit}: ridge regression, and the ridge. */
@Command(
        name = "fit",
        header = "Ridge regression with a chosen ridge.",
        customSynopsis = {
            "cntk fit --run DIR [OPTIONS]",
            "       cntk fit --train-kernel K.npy --labels y.npy [--cross-kernel C.npy]",
            "                [--test-labels t.npy] [OPTIONS]"
        },
        description = {
            "Solves (K + ridge I) A = Y, targets one-hot minus 1/classes, and predicts C A.",
            "The ridge is given or chosen on the training images alone; the leave-one-out",
            "error is reported for a whole path of ridges, from one eigendecomposition.",
            "",
            "Writes predictions.npy, float64 [m,classes].",
            ""
        })
final class FitCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private KernelInput input;

    @Option(
            names = "--ridge",
            paramLabel = "RIDGE",
            defaultValue = "loo",
            description = {
                "R: that number, in units of the kernel.",
                "relative:R: times the mean diagonal entry.",
                "loo: least leave-one-out error on a log grid.",
                "cv:5: least error in cross-validation.",
                "validation:0.2: least error on that share of the images.",
                "Default: ${DEFAULT-VALUE}."
            })
    private String ridge;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "1",
            description = "Of the folds; default: ${DEFAULT-VALUE}.")
    private long seed;

    @Mixin
    private ResultOptions result;

    /** The regression and what is known of it. */
    private record Fitted(
            RidgePath.Point chosen,
            List<RidgePath.Point> path,
            boolean byFolds,
            @Nullable Predictions predictions) {}

    @Override
    public Integer call() {
        RidgeChoice choice = RidgeChoice.parse("--ridge", ridge);
        PrintWriter err = spec.commandLine().getErr();
        try (KernelData data = input.open();
                NativeMatrix targets = data.targets()) {
            OutputFiles files = OutputFiles.open(result.out, data, "fit");
            OpenBlas blas = data.blas(input.threads());
            SpectrumCache.Outcome outcome = data.spectrum(blas, err);
            try (Spectrum spectrum = outcome.spectrum();
                    SpectralRegression regression = new SpectralRegression(spectrum, targets)) {
                Fitted fitted = fit(data, blas, regression, choice);
                if (fitted.predictions() != null) {
                    files.array(
                            "predictions.npy",
                            scores(fitted.predictions()),
                            data.requiredCross().rows(),
                            targets.cols());
                }
                report(data, outcome, fitted, files);
            }
        }
        return ExitCodes.RIGHT.code();
    }

    private Fitted fit(KernelData data, OpenBlas blas, SpectralRegression regression, RidgeChoice choice) {
        Spectrum spectrum = regression.spectrum();
        RidgePath path = new RidgePath(regression);
        List<int[]> folds = choice.folds(data.size(), data.labels(), seed);
        List<RidgePath.Point> points = path.errors(path.grid(), folds);
        RidgePath.Point chosen = switch (choice) {
            case RidgeChoice.Fixed _, RidgeChoice.Relative _ -> {
                double value = RidgeChoice.fixed("--ridge", choice, spectrum.meanDiagonal());
                SingularKernel.refuse(data, spectrum, value);
                yield path.errors(new double[] {value}, List.of()).getFirst();
            }
            case RidgeChoice.LeaveOneOut _, RidgeChoice.CrossValidation _, RidgeChoice.HeldOut _ -> {
                if (points.isEmpty()) {
                    throw new InputException(data.place() + " has no positive diagonal: every ridge of the path fails");
                }
                yield RidgePath.best(points, !folds.isEmpty());
            }
        };
        if (data.cross().isEmpty()) {
            return new Fitted(chosen, points, !folds.isEmpty(), null);
        }
        double value = chosen.ridge();
        try (NativeMatrix coefficients = regression.apply(List.of(eigenvalue -> 1 / (eigenvalue + value)))) {
            Predictions predictions = new Predictor(blas)
                    .predict(data.requiredCross().plan(), data.requiredCross().reader(), coefficients);
            return new Fitted(chosen, points, !folds.isEmpty(), predictions);
        }
    }

    private static double[] scores(Predictions predictions) {
        double[] scores = new double[predictions.count() * predictions.classes()];
        for (int at = 0; at < scores.length; at++) {
            scores[at] = predictions.score(at / predictions.classes(), at % predictions.classes());
        }
        return scores;
    }

    private void report(KernelData data, SpectrumCache.Outcome outcome, Fitted fitted, OutputFiles files) {
        Spectrum spectrum = outcome.spectrum();
        RidgePath.Point chosen = fitted.chosen();
        Map<String, Object> fields = new LinkedHashMap<>();
        ResultOptions.Lines lines = new ResultOptions.Lines();
        fields.put("ridge", chosen.ridge());
        fields.put("ridge_relative", ResultOptions.number(chosen.ridge() / spectrum.meanDiagonal()));
        fields.put("chosen_by", ridge);
        fields.put("loo_mse", chosen.looMse());
        lines.add(
                "ridge",
                "%.6g, %.3g of the mean diagonal, by %s",
                chosen.ridge(),
                chosen.ridge() / spectrum.meanDiagonal(),
                ridge);
        lines.add("error", "leave-one-out, mean square: %.6g", chosen.looMse());
        if (fitted.byFolds()) {
            fields.put("cv_mse", chosen.heldOutMse());
            lines.add("", "held out, mean square: %.6g", chosen.heldOutMse());
        }
        lines.add("condition", "%.3g with this ridge", spectrum.condition(chosen.ridge()));
        if (fitted.predictions() != null) {
            test(data, fitted.predictions(), fields, lines);
        }
        fields.put("condition", ResultOptions.number(spectrum.condition(chosen.ridge())));
        fields.put("effective_dimension", spectrum.effectiveDimension(chosen.ridge()));
        SpectrumFields.put(fields, data, outcome);
        fields.put(
                "path",
                fitted.path().stream()
                        .map(point -> fields(point, fitted.byFolds()))
                        .toList());
        lines.add("", "");
        lines.add("path", "%12s  %12s%s", "ridge", "loo mse", fitted.byFolds() ? "      held out" : "");
        for (RidgePath.Point point : fitted.path()) {
            lines.add(
                    point.ridge() == chosen.ridge() ? "  chosen" : "",
                    "%12.4g  %12.6g%s",
                    point.ridge(),
                    point.looMse(),
                    fitted.byFolds() ? String.format(java.util.Locale.ROOT, "  %12.6g", point.heldOutMse()) : "");
        }
        List<String> warnings = warnings(data, spectrum, fitted);
        fields.put("warnings", warnings);
        fields.put("out", files.place());
        fields.put("files", files.written());
        if (files.place() != null) {
            lines.add("files", "%s", files.place());
        }
        result.print(spec.commandLine().getOut(), spec.commandLine().getErr(), fields, lines, warnings);
    }

    private static void test(
            KernelData data, Predictions predictions, Map<String, Object> fields, ResultOptions.Lines lines) {
        Optional<double[][]> known = data.testTargets();
        known.ifPresent(targets -> {
            double sum = 0;
            for (int image = 0; image < targets.length; image++) {
                for (int output = 0; output < targets[image].length; output++) {
                    double error = predictions.score(image, output) - targets[image][output];
                    sum += error * error;
                }
            }
            double mse = sum / ((double) targets.length * targets[0].length);
            fields.put("test_mse", mse);
            lines.add("", "test, mean square: %.6g", mse);
        });
        if (data.testLabels().known()) {
            Proportion overall = Evaluation.of(predictions, data.testLabels()).overall();
            fields.put("accuracy", overall.share());
            fields.put("accuracy_low", overall.low());
            fields.put("accuracy_high", overall.high());
            fields.put("correct", overall.successes());
            lines.add(
                    "accuracy",
                    "%.2f %%  (%,d of %,d; 95%% interval %.2f to %.2f %%)",
                    100 * overall.share(),
                    overall.successes(),
                    overall.trials(),
                    100 * overall.low(),
                    100 * overall.high());
        }
    }

    private static Map<String, Object> fields(RidgePath.Point point, boolean byFolds) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("ridge", point.ridge());
        fields.put("loo_mse", point.looMse());
        if (byFolds) {
            fields.put("cv_mse", point.heldOutMse());
        }
        return fields;
    }

    private static List<String> warnings(KernelData data, Spectrum spectrum, Fitted fitted) {
        List<String> warnings = new ArrayList<>(
                SpectrumFields.warnings(data, spectrum, fitted.chosen().ridge()));
        List<RidgePath.Point> path = fitted.path();
        if (path.size() > 1 && fitted.chosen().ridge() == path.getLast().ridge()) {
            warnings.add("the chosen ridge is the largest of the path: the kernel tells little about these targets");
        }
        return List.copyOf(warnings);
    }
}

package cntk.cli;

import cntk.dataset.InputException;
import cntk.report.Calibration;
import cntk.report.Evaluation;
import cntk.report.TableCsv;
import cntk.solve.Evidence;
import cntk.solve.NativeMatrix;
import cntk.solve.OpenBlas;
import cntk.solve.PosteriorVariance;
import cntk.solve.Predictions;
import cntk.solve.Predictor;
import cntk.solve.RidgePath;
import cntk.solve.SpectralRegression;
import cntk.solve.Spectrum;
import cntk.solve.SpectrumCache;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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

/** {@code cntk posterior}: the kernel as a Gaussian process. */
@Command(
        name = "posterior",
        header = "Gaussian process: mean, variance, evidence, calibration.",
        customSynopsis = {
            "cntk posterior --run DIR [--noise S2] [OPTIONS]",
            "       cntk posterior --train-kernel K.npy --labels y.npy --cross-kernel C.npy",
            "                [--test-diagonal kss.npy] [--noise S2] [OPTIONS]"
        },
        description = {
            "Takes the kernel for the covariance of a function that is seen with Gaussian",
            "noise of variance S2. Writes mean.npy [m,outputs] and variance.npy [m], that of",
            "the function without the noise.",
            ""
        })
final class PosteriorCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private KernelInput input;

    @Option(
            names = "--noise",
            paramLabel = "S2",
            defaultValue = "evidence",
            description = {
                "Variance of the noise: a number, relative:R times the mean diagonal, or",
                "evidence, the one of largest marginal likelihood. Default: ${DEFAULT-VALUE}."
            })
    private String noise;

    @Option(
            names = "--scale",
            paramLabel = "A",
            description = {
                "The covariance is A times the kernel.",
                "Default: 1 for a given noise, else chosen with it by the evidence."
            })
    private @Nullable Double scale;

    @Option(
            names = "--test-diagonal",
            paramLabel = "kss.npy",
            description = "k(x,x) of the test images, [m]; a run computes its own.")
    private @Nullable Path testDiagonal;

    @Mixin
    private ResultOptions result;

    /** @param variances of the test functions; empty where k(x,x) is not known */
    private record Posterior(double noise, double scale, Predictions mean, Optional<double[]> variances, int clamped) {
        /** Noise in units of the kernel. */
        double ridge() {
            return noise / scale;
        }
    }

    @Override
    public Integer call() {
        RidgeChoice choice =
                noise.equals("evidence") ? new RidgeChoice.LeaveOneOut() : RidgeChoice.parse("--noise", noise);
        if (!noise.equals("evidence")) {
            RidgeChoice.fixed("--noise", choice, 1);
        }
        if (scale != null && !(scale > 0 && Double.isFinite(scale))) {
            throw new InputException("--scale is " + scale + ", expected a finite number above 0");
        }
        PrintWriter err = spec.commandLine().getErr();
        try (KernelData data = input.open();
                NativeMatrix targets = data.targets()) {
            data.requiredCross();
            Optional<double[]> prior = prior(data);
            OutputFiles files = OutputFiles.open(result.out, data, "posterior");
            OpenBlas blas = data.blas(input.threads());
            SpectrumCache.Outcome outcome = data.spectrum(blas, err);
            try (Spectrum spectrum = outcome.spectrum();
                    SpectralRegression regression = new SpectralRegression(spectrum, targets)) {
                Evidence evidence = new Evidence(regression);
                double[] grid = new RidgePath(regression).grid();
                if (grid.length == 0) {
                    throw new InputException(data.place() + " has no positive diagonal");
                }
                Choice chosen = choose(spectrum, evidence, grid, choice);
                SingularKernel.refuse(data, spectrum, chosen.noise() / chosen.scale());
                Posterior posterior = posterior(data, blas, regression, prior, chosen);
                report(data, outcome, evidence, grid, posterior, files);
            }
        }
        return ExitCodes.RIGHT.code();
    }

    /** Variance of the noise, and what the kernel is multiplied with. */
    private record Choice(double noise, double scale) {}

    private Choice choose(Spectrum spectrum, Evidence evidence, double[] grid, RidgeChoice given) {
        if (noise.equals("evidence")) {
            if (scale != null && scale != 1) {
                throw new InputException("--scale " + scale + " needs a --noise, or leave both to the evidence");
            }
            Evidence.Optimum optimum = evidence.optimum(grid, scale == null);
            return new Choice(optimum.ridge() * optimum.scale(), optimum.scale());
        }
        double factor = scale == null ? 1 : scale;
        return new Choice(RidgeChoice.fixed("--noise", given, factor * spectrum.meanDiagonal()), factor);
    }

    private Optional<double[]> prior(KernelData data) {
        int m = data.requiredCross().rows();
        if (testDiagonal != null) {
            return Optional.of(NpyInput.diagonal(testDiagonal, m));
        }
        return data.run().map(run -> TestDiagonal.of(run, input.threads()));
    }

    private static Posterior posterior(
            KernelData data, OpenBlas blas, SpectralRegression regression, Optional<double[]> prior, Choice chosen) {
        double ridge = chosen.noise() / chosen.scale();
        Predictions mean;
        try (NativeMatrix coefficients = regression.apply(List.of(value -> 1 / (value + ridge)))) {
            mean = new Predictor(blas)
                    .predict(data.requiredCross().plan(), data.requiredCross().reader(), coefficients);
        }
        Optional<double[]> variances = prior.map(
                diagonal -> new PosteriorVariance(regression.spectrum()).of(data.requiredCross(), diagonal, ridge));
        int clamped = 0;
        for (double[] values : variances.stream().toList()) {
            for (int image = 0; image < values.length; image++) {
                clamped += values[image] < 0 ? 1 : 0;
                values[image] = chosen.scale() * Math.max(0, values[image]);
            }
        }
        return new Posterior(chosen.noise(), chosen.scale(), mean, variances, clamped);
    }

    private void report(
            KernelData data,
            SpectrumCache.Outcome outcome,
            Evidence evidence,
            double[] grid,
            Posterior posterior,
            OutputFiles files) {
        Map<String, Object> fields = new LinkedHashMap<>();
        ResultOptions.Lines lines = new ResultOptions.Lines();
        double likelihood = evidence.logMarginalLikelihood(posterior.ridge(), posterior.scale());
        fields.put("noise", posterior.noise());
        fields.put("scale", posterior.scale());
        fields.put("log_marginal_likelihood", likelihood);
        lines.add("noise", "%.6g, by %s; kernel times %.6g", posterior.noise(), noise, posterior.scale());
        lines.add("evidence", "log marginal likelihood %.6g, summed over outputs", likelihood);
        optimum("noise_optimum", evidence.optimum(grid, false), fields, lines);
        optimum("noise_scale_optimum", evidence.optimum(grid, true), fields, lines);
        List<String> warnings = new ArrayList<>(SpectrumFields.warnings(data, outcome.spectrum(), posterior.ridge()));
        write(data, posterior, files);
        if (posterior.variances().isEmpty()) {
            warnings.add("without --test-diagonal kss.npy there is no variance, and variance.npy is not written");
        }
        if (posterior.clamped() > 0) {
            warnings.add(posterior.clamped() + " variances were below 0 by rounding and are written as 0");
        }
        fields.put("clamped_variances", posterior.clamped());
        test(data, posterior, files, fields, lines);
        SpectrumFields.put(fields, data, outcome);
        fields.put("warnings", warnings);
        fields.put("out", files.place());
        fields.put("files", files.written());
        result.print(spec.commandLine().getOut(), spec.commandLine().getErr(), fields, lines, warnings);
    }

    private static void optimum(
            String name, Evidence.Optimum optimum, Map<String, Object> fields, ResultOptions.Lines lines) {
        Map<String, Object> inner = new LinkedHashMap<>();
        inner.put("noise", optimum.ridge() * optimum.scale());
        inner.put("ridge", optimum.ridge());
        inner.put("scale", optimum.scale());
        inner.put("log_marginal_likelihood", optimum.logMarginalLikelihood());
        fields.put(name, inner);
        lines.add(
                "",
                "largest: %.6g at noise %.4g, kernel times %.4g",
                optimum.logMarginalLikelihood(),
                optimum.ridge() * optimum.scale(),
                optimum.scale());
    }

    private static void write(KernelData data, Posterior posterior, OutputFiles files) {
        int classes = posterior.mean().classes();
        double[] mean = new double[posterior.mean().count() * classes];
        for (int at = 0; at < mean.length; at++) {
            mean[at] = posterior.mean().score(at / classes, at % classes);
        }
        files.array("mean.npy", mean, data.requiredCross().rows(), classes);
        posterior.variances().ifPresent(variances -> files.array("variance.npy", variances, variances.length));
    }

    private static void test(
            KernelData data,
            Posterior posterior,
            OutputFiles files,
            Map<String, Object> fields,
            ResultOptions.Lines lines) {
        if (data.testLabels().known()) {
            double accuracy =
                    Evaluation.of(posterior.mean(), data.testLabels()).overall().share();
            fields.put("accuracy", accuracy);
            lines.add("accuracy", "%.2f %%", 100 * accuracy);
        }
        if (posterior.variances().isEmpty() || data.testTargets().isEmpty()) {
            return;
        }
        double[] deviations = Arrays.stream(posterior.variances().get())
                .map(variance -> Math.sqrt(variance + posterior.noise()))
                .toArray();
        fields.put(
                "mean_variance",
                Arrays.stream(posterior.variances().get()).average().orElse(Double.NaN));
        if (Arrays.stream(deviations).anyMatch(deviation -> deviation == 0)) {
            return; // a test image that is a training image, without noise: nothing is uncertain
        }
        Calibration calibration =
                Calibration.of(posterior.mean(), deviations, data.testTargets().get(), data.testLabels());
        fields.put("negative_log_likelihood", calibration.targetNegativeLogLikelihood());
        lines.add("test", "negative log likelihood of a target %.5g", calibration.targetNegativeLogLikelihood());
        fields.put("coverage", calibration.coverage());
        calibration
                .coverage()
                .forEach(row ->
                        lines.add("", "%.0f %% intervals hold %.2f %%", 100 * row.nominal(), 100 * row.observed()));
        calibration.classes().ifPresent(classes -> {
            fields.put("label_negative_log_likelihood", classes.negativeLogLikelihood());
            fields.put("calibration_error", classes.expectedError());
            fields.put("calibration", classes.bins());
            lines.add(
                    "labels",
                    "negative log likelihood %.5g, calibration error %.4f",
                    classes.negativeLogLikelihood(),
                    classes.expectedError());
            lines.add("", "%12s %8s %11s %9s", "confidence", "images", "mean", "accuracy");
            for (Calibration.Bin bin : classes.bins()) {
                lines.add(
                        "",
                        "%5.1f..%5.1f %8d %11.3f %9.3f",
                        bin.low(),
                        bin.high(),
                        bin.count(),
                        bin.confidence(),
                        bin.accuracy());
            }
            files.file("calibration.csv")
                    .ifPresent(file -> TableCsv.write(
                            file,
                            List.of("low", "high", "count", "confidence", "accuracy"),
                            classes.bins().stream()
                                    .map(bin -> List.of(
                                            bin.low(), bin.high(), bin.count(), bin.confidence(), bin.accuracy()))
                                    .toList()));
        });
    }
}

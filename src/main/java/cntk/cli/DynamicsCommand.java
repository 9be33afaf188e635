package cntk.cli;

import cntk.dataset.InputException;
import cntk.dataset.Labels;
import cntk.report.Curve;
import cntk.report.TableCsv;
import cntk.solve.GradientDescent;
import cntk.solve.GradientFlow;
import cntk.solve.NativeMatrix;
import cntk.solve.OpenBlas;
import cntk.solve.SpectralRegression;
import cntk.solve.Spectrum;
import cntk.solve.SpectrumCache;
import cntk.solve.TrainedEnsemble;
import cntk.solve.Training;
import cntk.solve.TrainingCurves;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cntk dynamics}: training in the kernel regime. */
@Command(
        name = "dynamics",
        header = "Training after any time: predictions, losses, modes.",
        customSynopsis = {
            "cntk dynamics --run DIR [OPTIONS]",
            "       cntk dynamics --train-kernel K.npy --labels y.npy [--cross-kernel",
            "                C.npy] [OPTIONS]"
        },
        description = {
            "Gradient flow or gradient descent on the squared loss from f = 0, in closed form.",
            "Writes train_predictions.npy [T,n,outputs], test_predictions.npy [T,m,outputs],",
            "curves.csv and decay.csv; with an NNGP kernel the ensemble over initialisations:",
            "test_variance.npy [T,m], and test_covariance.npy [T,m,m] for --nngp-test [m,m].",
            ""
        })
final class DynamicsCommand implements Callable<Integer> {
    private static final String FLOW_TIMES = "log:1e-2:1e6:60";
    private static final String DESCENT_STEPS = "1,2,4,8,16,32,64,128,256,512,1024,4096,16384,65536,262144,1048576";

    @Spec
    private CommandSpec spec;

    @Mixin
    private KernelInput input;

    @Option(
            names = "--times",
            paramLabel = "T,T,...",
            description = {
                "Numbers, inf, log:FROM:TO:COUNT. Steps for --method descent.",
                "Default: " + FLOW_TIMES + "; powers of 2 for descent."
            })
    private @Nullable String times;

    @Option(
            names = "--loss",
            paramLabel = "mean|sum",
            defaultValue = "mean",
            description = "Half the squared error, over n*outputs or summed; default: ${DEFAULT-VALUE}.")
    private String loss;

    @Option(
            names = "--learning-rate",
            paramLabel = "R",
            description = "Default: 1 for flow, half of the maximal one for descent.")
    private @Nullable Double learningRate;

    @Option(
            names = "--method",
            paramLabel = "flow|descent",
            defaultValue = "flow",
            description = "Continuous time, or steps; default: ${DEFAULT-VALUE}.")
    private String method;

    @Option(
            names = "--momentum",
            paramLabel = "B",
            defaultValue = "0",
            description = "Heavy-ball momentum of descent; default: ${DEFAULT-VALUE}.")
    private double momentum;

    @Option(
            names = "--jitter",
            paramLabel = "R",
            defaultValue = "0",
            description = "Added to the diagonal of the training kernel; default: ${DEFAULT-VALUE}.")
    private double jitter;

    @Mixin
    private EnsembleInput ensemble;

    @Mixin
    private ResultOptions result;

    /** What the options and the sizes give. */
    private record Setting(double[] times, double scale, double rate, Training training) {}

    @Override
    public Integer call() {
        checkOptions();
        double[] wanted = TimeGrid.parse(times != null ? times : descent() ? DESCENT_STEPS : FLOW_TIMES);
        checkSteps(wanted);
        PrintWriter err = spec.commandLine().getErr();
        try (KernelData data = input.open();
                NativeMatrix targets = data.targets()) {
            OutputFiles files = OutputFiles.open(result.out, data, "dynamics");
            OpenBlas blas = data.blas(input.threads());
            SpectrumCache.Outcome outcome = data.spectrum(blas, err);
            try (Spectrum spectrum = outcome.spectrum();
                    SpectralRegression regression = new SpectralRegression(spectrum, targets)) {
                Setting setting = setting(wanted, regression);
                TrainingCurves curves = new TrainingCurves(regression, setting.training(), jitter);
                Map<String, Object> fields = new LinkedHashMap<>();
                ResultOptions.Lines lines = new ResultOptions.Lines();
                List<String> warnings = head(data, curves, setting, spectrum, fields, lines);
                curves(data, blas, curves, setting, files, fields, lines);
                if (ensemble.wanted()) {
                    ensemble(data, spectrum, curves, setting, files, fields);
                }
                modes(regression, setting, files);
                SpectrumFields.put(fields, data, outcome);
                fields.put("warnings", warnings);
                fields.put("out", files.place());
                fields.put("files", files.written());
                if (files.place() != null) {
                    lines.add("files", "%s", files.place());
                }
                result.print(spec.commandLine().getOut(), err, fields, lines, warnings);
            }
        }
        return ExitCodes.RIGHT.code();
    }

    private boolean descent() {
        return method.equals("descent");
    }

    private void checkOptions() {
        word("--method", method, "flow", "descent");
        word("--loss", loss, "mean", "sum");
        if (learningRate != null && !(learningRate > 0 && Double.isFinite(learningRate))) {
            throw new InputException("--learning-rate is " + learningRate + ", expected a finite number above 0");
        }
        if (!(momentum >= 0 && momentum < 1)) {
            throw new InputException("--momentum is " + momentum + ", expected a number from 0 to below 1");
        }
        if (momentum > 0 && !descent()) {
            throw new InputException("--momentum is for --method descent");
        }
        if (!(jitter >= 0 && Double.isFinite(jitter))) {
            throw new InputException("--jitter is " + jitter + ", expected a finite number from 0 up");
        }
    }

    private static void word(String option, String word, String... words) {
        if (!Arrays.asList(words).contains(word)) {
            throw new InputException(option + " is '" + word + "', expected " + String.join(" or ", words));
        }
    }

    private void checkSteps(double[] wanted) {
        for (double steps : wanted) {
            if (descent() && Double.isFinite(steps) && (steps != Math.rint(steps) || steps > Long.MAX_VALUE)) {
                throw new InputException("--times has " + steps + ", expected whole numbers of steps or inf");
            }
        }
    }

    private Setting setting(double[] wanted, SpectralRegression regression) {
        double scale = loss.equals("mean") ? (double) regression.spectrum().size() * regression.outputs() : 1;
        double largest = regression.spectrum().largest() + jitter;
        double maximal = scale * GradientDescent.maximalRate(largest, momentum);
        double rate = learningRate != null ? learningRate : descent() ? maximal / 2 : 1;
        Training training = descent() ? new GradientDescent(rate / scale, momentum) : new GradientFlow(rate / scale);
        if (!training.converges(largest) && Arrays.stream(wanted).anyMatch(Double::isInfinite)) {
            throw new InputException("--learning-rate " + rate + " diverges: it must be below " + maximal);
        }
        return new Setting(wanted, scale, rate, training);
    }

    private List<String> head(
            KernelData data,
            TrainingCurves curves,
            Setting setting,
            Spectrum spectrum,
            Map<String, Object> fields,
            ResultOptions.Lines lines) {
        double maximal = setting.scale() * GradientDescent.maximalRate(spectrum.largest() + jitter, momentum);
        fields.put("method", method);
        fields.put("loss", loss);
        fields.put("learning_rate", setting.rate());
        fields.put("momentum", momentum);
        fields.put("jitter", jitter);
        fields.put("max_learning_rate", ResultOptions.number(maximal));
        fields.put("frozen_directions", curves.frozenModes());
        lines.add("method", "%s with learning rate %.6g, loss %s", method, setting.rate(), loss);
        lines.add("rate", "gradient descent is stable below %.6g", maximal);
        lines.add(
                "modes",
                "time constants from %.3g to %.3g",
                1 / (setting.rate() / setting.scale() * (spectrum.largest() + jitter)),
                1 / (setting.rate() / setting.scale() * (spectrum.smallest() + jitter)));
        List<String> warnings = new ArrayList<>(SpectrumFields.warnings(data, spectrum, jitter));
        if (curves.frozenModes() > 0) {
            warnings.add(curves.frozenModes() + " directions do not train: rounding hides their eigenvalues");
        }
        if (!curves.converges()) {
            warnings.add(String.format(
                    Locale.ROOT, "learning rate %.6g diverges: it must be below %.6g", setting.rate(), maximal));
        }
        return List.copyOf(warnings);
    }

    private void curves(
            KernelData data,
            OpenBlas blas,
            TrainingCurves curves,
            Setting setting,
            OutputFiles files,
            Map<String, Object> fields,
            ResultOptions.Lines lines) {
        double[][] train = curves.train(setting.times());
        try (NativeMatrix y = data.targets()) {
            double[][] targets = rows(y);
            write(files, "train_predictions.npy", train, data.size(), y.cols());
            List<Curve> ofTrain = compare(train, targets, data.labels());
            List<Curve> ofTest = List.of();
            if (data.cross().isPresent()) {
                double[][] test = curves.test(blas, data.requiredCross(), setting.times());
                write(files, "test_predictions.npy", test, data.requiredCross().rows(), y.cols());
                ofTest = data.testTargets()
                        .map(known -> compare(test, known, data.testLabels()))
                        .orElse(List.of());
            }
            put(setting.times(), ofTrain, ofTest, files, fields, lines);
        }
    }

    private List<Curve> compare(double[][] predictions, double[][] targets, Labels labels) {
        return Arrays.stream(predictions)
                .map(at -> Curve.of(at, targets, labels, loss.equals("mean")))
                .toList();
    }

    private static void put(
            double[] times,
            List<Curve> train,
            List<Curve> test,
            OutputFiles files,
            Map<String, Object> fields,
            ResultOptions.Lines lines) {
        fields.put("times", Arrays.stream(times).mapToObj(DynamicsCommand::time).toList());
        fields.put("train_loss", train.stream().map(Curve::loss).toList());
        fields.put("train_accuracy", accuracies(train));
        fields.put(
                "test_loss",
                test.isEmpty() ? null : test.stream().map(Curve::loss).toList());
        fields.put("test_accuracy", test.isEmpty() ? null : accuracies(test));
        lines.add("", "");
        lines.add("", "%12s  %12s  %9s  %12s  %9s", "time", "train loss", "accuracy", "test loss", "accuracy");
        List<List<Object>> rows = new ArrayList<>();
        for (int at = 0; at < times.length; at++) {
            Curve ofTest = test.isEmpty() ? new Curve(Double.NaN, Double.NaN) : test.get(at);
            rows.add(List.of(
                    time(times[at]), train.get(at).loss(), train.get(at).accuracy(), ofTest.loss(), ofTest.accuracy()));
            lines.add(
                    "",
                    "%12.4g  %12.5g  %9.4f  %12.5g  %9.4f",
                    times[at],
                    train.get(at).loss(),
                    train.get(at).accuracy(),
                    ofTest.loss(),
                    ofTest.accuracy());
        }
        files.file("curves.csv")
                .ifPresent(file -> TableCsv.write(
                        file, List.of("time", "train_loss", "train_accuracy", "test_loss", "test_accuracy"), rows));
    }

    private static @Nullable List<Double> accuracies(List<Curve> curves) {
        return curves.stream().anyMatch(curve -> Double.isNaN(curve.accuracy()))
                ? null
                : curves.stream().map(Curve::accuracy).toList();
    }

    /** JSON knows no infinity. */
    private static Object time(double time) {
        return Double.isInfinite(time) ? "inf" : time;
    }

    private static void write(OutputFiles files, String name, double[][] perTime, long images, long outputs) {
        double[] all = new double[Math.multiplyExact(perTime.length, perTime[0].length)];
        for (int time = 0; time < perTime.length; time++) {
            System.arraycopy(perTime[time], 0, all, time * perTime[0].length, perTime[0].length);
        }
        files.array(name, all, perTime.length, images, outputs);
    }

    private void ensemble(
            KernelData data,
            Spectrum spectrum,
            TrainingCurves curves,
            Setting setting,
            OutputFiles files,
            Map<String, Object> fields) {
        try (EnsembleInput.Prior prior = ensemble.open(data, input.threads());
                TrainedEnsemble trained = new TrainedEnsemble(spectrum, prior.kernel())) {
            var filters = curves.filters(setting.times());
            double[][] variances = trained.variances(data.requiredCross(), prior.cross(), prior.diagonal(), filters);
            files.matrix("test_variance.npy", variances);
            fields.put(
                    "test_variance_mean",
                    Arrays.stream(variances)
                            .map(at -> Arrays.stream(at).average().orElse(Double.NaN))
                            .toList());
            if (prior.test().isPresent()) {
                int m = prior.diagonal().length;
                double[] all = new double[Math.multiplyExact(filters.size(), Math.multiplyExact(m, m))];
                for (int time = 0; time < filters.size(); time++) {
                    double[][] covariance = trained.covariance(
                            data.requiredCross(), prior.cross(), prior.test().get(), filters.get(time));
                    for (int row = 0; row < m; row++) {
                        System.arraycopy(covariance[row], 0, all, (time * m + row) * m, m);
                    }
                }
                files.array("test_covariance.npy", all, filters.size(), m, m);
            }
        }
    }

    /** The modes from the fastest: eigenvalue, rate of decay per unit of time, share of the targets. */
    private void modes(SpectralRegression regression, Setting setting, OutputFiles files) {
        files.file("decay.csv").ifPresent(file -> {
            Spectrum spectrum = regression.spectrum();
            double total = 0;
            for (int mode = 0; mode < spectrum.size(); mode++) {
                total += regression.modeEnergy(mode);
            }
            List<List<Object>> rows = new ArrayList<>();
            for (int mode = spectrum.size() - 1; mode >= 0; mode--) {
                double rate = setting.rate() / setting.scale() * (spectrum.value(mode) + jitter);
                rows.add(List.of(
                        spectrum.size() - 1 - mode,
                        spectrum.value(mode),
                        rate,
                        1 / rate,
                        regression.modeEnergy(mode) / total));
            }
            TableCsv.write(file, List.of("mode", "eigenvalue", "decay_rate", "time_constant", "target_share"), rows);
        });
    }

    private static double[][] rows(NativeMatrix matrix) {
        double[][] rows = new double[matrix.rows()][matrix.cols()];
        for (int row = 0; row < rows.length; row++) {
            for (int col = 0; col < matrix.cols(); col++) {
                rows[row][col] = matrix.get(row, col);
            }
        }
        return rows;
    }
}

package cntk.cli;

import cntk.dataset.InputException;
import cntk.report.TableCsv;
import cntk.solve.Folds;
import cntk.solve.LearningCurve;
import cntk.solve.NativeMatrix;
import cntk.solve.OpenBlas;
import cntk.solve.Predictions;
import cntk.solve.Predictor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cntk learning-curve}: accuracy against the number of training images. */
@Command(
        name = "learning-curve",
        header = "Accuracy against the number of training images.",
        customSynopsis = {
            "cntk learning-curve --run DIR [OPTIONS]",
            "       cntk learning-curve --train-kernel K.npy --labels y.npy --cross-kernel",
            "                C.npy --test-labels t.npy [OPTIONS]"
        },
        description = {
            "Regressions on class-balanced draws of the training images, from the one kernel.",
            "Writes learning_curve.csv.",
            ""
        })
final class LearningCurveCommand implements Callable<Integer> {
    private static final int SMALLEST = 10;

    @Spec
    private CommandSpec spec;

    @Mixin
    private KernelInput input;

    @Option(
            names = "--sizes",
            paramLabel = "N,N,...",
            split = ",",
            description = "Numbers of training images; default: doubling from 10, then all.")
    private @Nullable List<Integer> sizes;

    @Option(
            names = "--draws",
            paramLabel = "D",
            defaultValue = "5",
            description = "Draws of every size; default: ${DEFAULT-VALUE}.")
    private int draws;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "1",
            description = "Of the draws; default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--ridge",
            paramLabel = "RIDGE",
            defaultValue = "0",
            description = "A number, or relative:R times the mean diagonal; default: ${DEFAULT-VALUE}.")
    private String ridge;

    @Mixin
    private ResultOptions result;

    @Override
    public Integer call() {
        RidgeChoice choice = RidgeChoice.parse("--ridge", ridge);
        RidgeChoice.fixed("--ridge", choice, 1);
        if (draws < 1) {
            throw new InputException("--draws is " + draws + ", expected at least 1");
        }
        try (KernelData data = input.open();
                NativeMatrix targets = data.targets()) {
            if (!data.testLabels().known()) {
                throw new InputException("a learning curve needs the labels of test images\nhint: --test-labels t.npy");
            }
            List<Integer> counts = counts(data.size());
            List<int[]> parts =
                    LearningCurve.parts(new Folds(data.size(), data.labels(), seed), data.size(), counts, draws);
            OutputFiles files = OutputFiles.open(result.out, data, "learning-curve");
            OpenBlas blas = data.blas(input.threads());
            try (LearningCurve curve = new LearningCurve(blas, data.kernel())) {
                double value = RidgeChoice.fixed("--ridge", choice, curve.meanDiagonal());
                report(data, value, parts, accuracies(data, blas, curve, parts, targets, value), files);
            }
        }
        return ExitCodes.RIGHT.code();
    }

    /** 10, 20, 40, ... below n, and n. */
    static List<Integer> doubling(int n) {
        List<Integer> counts = new ArrayList<>();
        for (long count = SMALLEST; count < n; count *= 2) {
            counts.add((int) count);
        }
        counts.add(n);
        return List.copyOf(counts);
    }

    private List<Integer> counts(int n) {
        TreeSet<Integer> counts = new TreeSet<>(sizes == null ? doubling(n) : sizes);
        for (int count : counts) {
            if (count < 1 || count > n) {
                throw new InputException("--sizes has " + count + ", expected 1.." + n);
            }
        }
        return List.copyOf(counts);
    }

    /** Test accuracy of the regression on each part. */
    static double[] accuracies(
            KernelData data,
            OpenBlas blas,
            LearningCurve curve,
            List<int[]> parts,
            NativeMatrix targets,
            double ridge) {
        int classes = targets.cols();
        double[] accuracies = new double[parts.size()];
        try (NativeMatrix coefficients = curve.coefficients(parts, targets, ridge)) {
            Predictions all = new Predictor(blas)
                    .predict(data.requiredCross().plan(), data.requiredCross().reader(), coefficients);
            for (int part = 0; part < accuracies.length; part++) {
                int right = 0;
                for (int image = 0; image < data.testLabels().count(); image++) {
                    int best = 0;
                    for (int c = 1; c < classes; c++) {
                        boolean higher = all.score(image, part * classes + c) > all.score(image, part * classes + best);
                        best = higher ? c : best;
                    }
                    right += best == data.testLabels().of(image) ? 1 : 0;
                }
                accuracies[part] = right / (double) data.testLabels().count();
            }
            return accuracies;
        } catch (LearningCurve.SingularPartException singular) {
            throw new InputException(
                    data.place() + ": " + singular.getMessage() + " with ridge " + ridge
                            + "\nhint: a larger --ridge, such as relative:1e-6",
                    singular);
        }
    }

    private void report(KernelData data, double value, List<int[]> parts, double[] accuracies, OutputFiles files) {
        Map<Integer, List<Double>> bySize = new LinkedHashMap<>();
        for (int part = 0; part < accuracies.length; part++) {
            bySize.computeIfAbsent(parts.get(part).length, _ -> new ArrayList<>())
                    .add(accuracies[part]);
        }
        List<Map<String, Object>> curve = new ArrayList<>();
        List<List<Object>> rows = new ArrayList<>();
        ResultOptions.Lines lines = new ResultOptions.Lines();
        lines.add("ridge", "%.6g", value);
        lines.add("curve", "%8s  %6s  %9s  %10s", "images", "draws", "accuracy", "deviation");
        bySize.forEach((size, values) -> {
            double mean =
                    values.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
            double deviation = deviation(values, mean);
            Map<String, Object> point = new LinkedHashMap<>();
            point.put("train", size);
            point.put("draws", values.size());
            point.put("accuracy", mean);
            point.put("deviation", ResultOptions.number(deviation));
            point.put("accuracies", values);
            curve.add(point);
            rows.add(List.of(size, values.size(), mean, values.size() > 1 ? deviation : ""));
            lines.add(
                    "",
                    "%8d  %6d  %8.2f%%  %10s",
                    size,
                    values.size(),
                    100 * mean,
                    values.size() > 1 ? String.format(Locale.ROOT, "%.2f%%", 100 * deviation) : "-");
        });
        files.file("learning_curve.csv")
                .ifPresent(file -> TableCsv.write(file, List.of("train", "draws", "accuracy", "deviation"), rows));
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("ridge", value);
        fields.put("curve", curve);
        fields.put("test", data.testLabels().count());
        fields.put("out", files.place());
        fields.put("files", files.written());
        result.print(spec.commandLine().getOut(), spec.commandLine().getErr(), fields, lines, List.of());
    }

    /** Of a sample, with n - 1; NaN for one draw. */
    static double deviation(List<Double> values, double mean) {
        double sum = 0;
        for (double value : values) {
            sum += (value - mean) * (value - mean);
        }
        return values.size() < 2 ? Double.NaN : Math.sqrt(sum / (values.size() - 1));
    }
}

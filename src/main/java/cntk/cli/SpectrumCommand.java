package cntk.cli;

import cntk.dataset.InputException;
import cntk.dataset.Labels;
import cntk.report.TableCsv;
import cntk.solve.KernelPca;
import cntk.solve.NativeMatrix;
import cntk.solve.NearDuplicates;
import cntk.solve.OpenBlas;
import cntk.solve.SpectralRegression;
import cntk.solve.Spectrum;
import cntk.solve.SpectrumCache;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cntk spectrum}: the eigenvalues and what they mean. */
@Command(
        name = "spectrum",
        header = "Eigenvalues, dimension, principal components, labels.",
        customSynopsis = {
            "cntk spectrum --run DIR [OPTIONS]",
            "       cntk spectrum --train-kernel K.npy [--labels y.npy] [--cross-kernel",
            "                C.npy] [OPTIONS]"
        },
        description = {
            "Writes eigenvalues.npy [n], descending; modes.csv, with the share of the targets",
            "in every eigenvector; effective_dimension.csv; components_train.csv and",
            "components_test.csv, the kernel principal components around the mean.",
            ""
        })
final class SpectrumCommand implements Callable<Integer> {
    private static final int MOST_PAIRS = 20;
    private static final int LOWEST_DECADE = -10;
    private static final int HIGHEST_DECADE = 2;

    @Spec
    private CommandSpec spec;

    @Mixin
    private KernelInput input;

    @Option(
            names = "--components",
            paramLabel = "P",
            defaultValue = "10",
            description = "Principal components, 0 for none; default: ${DEFAULT-VALUE}.")
    private int components;

    @Mixin
    private ResultOptions result;

    @Override
    public Integer call() {
        if (components < 0) {
            throw new InputException("--components is " + components + ", expected 0 or more");
        }
        PrintWriter err = spec.commandLine().getErr();
        try (KernelData data = input.open()) {
            OutputFiles files = OutputFiles.open(result.out, data, "spectrum");
            OpenBlas blas = data.blas(input.threads());
            SpectrumCache.Outcome outcome = data.spectrum(blas, err);
            Map<String, Object> fields = new LinkedHashMap<>();
            ResultOptions.Lines lines = new ResultOptions.Lines();
            List<String> warnings;
            try (Spectrum spectrum = outcome.spectrum()) {
                warnings = eigenvalues(data, outcome, files, fields, lines);
                dimensions(spectrum, files, fields, lines);
                modes(data, spectrum, files, fields, lines);
            }
            if (components > 0) {
                principal(data, blas, files, fields);
            }
            fields.put("warnings", warnings);
            fields.put("out", files.place());
            fields.put("files", files.written());
            if (files.place() != null) {
                lines.add("files", "%s", files.place());
            }
            result.print(spec.commandLine().getOut(), err, fields, lines, warnings);
        }
        return ExitCodes.RIGHT.code();
    }

    private static List<String> eigenvalues(
            KernelData data,
            SpectrumCache.Outcome outcome,
            OutputFiles files,
            Map<String, Object> fields,
            ResultOptions.Lines lines) {
        Spectrum spectrum = outcome.spectrum();
        double[] descending = new double[spectrum.size()];
        for (int mode = 0; mode < descending.length; mode++) {
            descending[mode] = spectrum.value(descending.length - 1 - mode);
        }
        files.array("eigenvalues.npy", descending, descending.length);
        boolean definite = spectrum.positiveDefinite(0);
        fields.put("positive_definite", definite);
        fields.put("condition", ResultOptions.number(spectrum.condition(0)));
        SpectrumFields.put(fields, data, outcome);
        lines.add(
                "eigenvalues",
                "%,d, from %.6g down to %.6g",
                descending.length,
                spectrum.largest(),
                spectrum.smallest());
        lines.add("condition", "%.4g", spectrum.condition(0));
        lines.add(
                "definite",
                definite ? "yes: the smallest is above the rounding floor %.2g" : "NO: rounding floor %.2g",
                spectrum.roundingFloor());
        List<String> warnings = new ArrayList<>(SpectrumFields.warnings(data, spectrum, 0));
        List<NearDuplicates.Pair> pairs = definite ? List.of() : NearDuplicates.of(data.kernel(), MOST_PAIRS);
        for (NearDuplicates.Pair pair : pairs) {
            lines.add(
                    "",
                    "training images %d and %d: squared distance %.2g",
                    pair.first(),
                    pair.second(),
                    pair.distance());
        }
        if (!definite) {
            fields.put("near_duplicates", pairs);
            warnings.add("the kernel is not positive definite to double precision"
                    + (pairs.isEmpty() ? "; no two images are copies of each other" : ", and has copies of images"));
        }
        return List.copyOf(warnings);
    }

    private static void dimensions(
            Spectrum spectrum, OutputFiles files, Map<String, Object> fields, ResultOptions.Lines lines) {
        List<Map<String, Object>> rows = new ArrayList<>();
        List<List<Object>> table = new ArrayList<>();
        lines.add("", "");
        lines.add("dimension", "%12s  %12s  %s", "ridge", "of diagonal", "effective dimension");
        for (int decade = LOWEST_DECADE; decade <= HIGHEST_DECADE; decade++) {
            double relative = Math.pow(10, decade);
            double ridge = relative * spectrum.meanDiagonal();
            double dimension = spectrum.effectiveDimension(ridge);
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("ridge", ridge);
            row.put("ridge_relative", relative);
            row.put("effective_dimension", dimension);
            rows.add(row);
            table.add(List.of(ridge, relative, dimension));
            lines.add("", "%12.4g  %12.0e  %.2f", ridge, relative, dimension);
        }
        fields.put("effective_dimension", rows);
        files.file("effective_dimension.csv")
                .ifPresent(
                        file -> TableCsv.write(file, List.of("ridge", "ridge_relative", "effective_dimension"), table));
    }

    private static void modes(
            KernelData data,
            Spectrum spectrum,
            OutputFiles files,
            Map<String, Object> fields,
            ResultOptions.Lines lines) {
        if (!data.labels().known() && data.regression().isEmpty()) {
            return;
        }
        try (NativeMatrix targets = data.targets();
                SpectralRegression regression = new SpectralRegression(spectrum, targets)) {
            double total = 0;
            double aligned = 0;
            double squares = 0;
            for (int mode = 0; mode < spectrum.size(); mode++) {
                total += regression.modeEnergy(mode);
                aligned += spectrum.value(mode) * regression.modeEnergy(mode);
                squares += spectrum.value(mode) * spectrum.value(mode);
            }
            double cumulative = 0;
            List<List<Object>> rows = new ArrayList<>();
            List<Double> shares = new ArrayList<>();
            int half = 0;
            for (int mode = spectrum.size() - 1; mode >= 0; mode--) {
                double share = regression.modeEnergy(mode) / total;
                cumulative += share;
                half += cumulative < 0.5 ? 1 : 0;
                shares.add(share);
                rows.add(List.of(spectrum.size() - 1 - mode, spectrum.value(mode), share, cumulative));
            }
            fields.put("label_share", shares);
            fields.put("kernel_target_alignment", aligned / (Math.sqrt(squares) * targetGramNorm(targets)));
            fields.put("modes_to_half_of_labels", half + 1);
            lines.add(
                    "labels",
                    "half of the targets lies in the leading %,d of %,d directions",
                    half + 1,
                    spectrum.size());
            files.file("modes.csv")
                    .ifPresent(file -> TableCsv.write(
                            file, List.of("mode", "eigenvalue", "target_share", "cumulative_share"), rows));
        }
    }

    /** Frobenius norm of Y Y^T, which is that of the small Y^T Y. */
    private static double targetGramNorm(NativeMatrix targets) {
        double sum = 0;
        for (int a = 0; a < targets.cols(); a++) {
            for (int b = 0; b < targets.cols(); b++) {
                double product = 0;
                for (int image = 0; image < targets.rows(); image++) {
                    product += targets.get(image, a) * targets.get(image, b);
                }
                sum += product * product;
            }
        }
        return Math.sqrt(sum);
    }

    private void principal(KernelData data, OpenBlas blas, OutputFiles files, Map<String, Object> fields) {
        try (KernelPca pca = KernelPca.of(blas, data.kernel(), Math.min(components, data.size()))) {
            List<Double> variances = new ArrayList<>();
            for (int component = 0; component < pca.components(); component++) {
                variances.add(pca.eigenvalue(component) / data.size());
            }
            fields.put("component_variance", variances);
            files.file("components_train.csv").ifPresent(file -> write(file, pca.train(), data.labels()));
            if (data.cross().isPresent()) {
                files.file("components_test.csv")
                        .ifPresent(file -> write(file, pca.test(data.requiredCross()), data.testLabels()));
            }
        }
    }

    private static void write(java.nio.file.Path file, double[][] scores, Labels labels) {
        List<String> header = new ArrayList<>(labels.known() ? List.of("index", "label") : List.of("index"));
        for (int component = 1; component <= scores[0].length; component++) {
            header.add("pc" + component);
        }
        List<List<Object>> rows = new ArrayList<>();
        for (int image = 0; image < scores.length; image++) {
            List<Object> row = new ArrayList<>();
            row.add(image);
            if (labels.known()) {
                row.add(labels.of(image));
            }
            for (double score : scores[image]) {
                row.add(score);
            }
            rows.add(row);
        }
        TableCsv.write(file, header, rows);
    }
}

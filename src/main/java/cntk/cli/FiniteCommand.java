package cntk.cli;

import cntk.arch.ArchitectureParser;
import cntk.arch.Network;
import cntk.dataset.ImageSet;
import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import cntk.dataset.Normalization;
import cntk.dataset.Npy;
import cntk.dataset.Preprocessing;
import cntk.finite.LazyTraining;
import cntk.finite.WidthStudy;
import cntk.maths.CntkRecursion;
import cntk.maths.KernelPair;
import cntk.plan.KernelKind;
import cntk.report.TableCsv;
import cntk.solve.ZcaWhitening;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cntk finite}: how wide is wide enough. */
@Command(
        name = "finite",
        header = "Random finite networks against the exact kernels.",
        customSynopsis = "cntk finite --arch NETWORK [OPTIONS]",
        description = {
            "Draws networks of given widths, compares their NNGP and tangent kernels on a few",
            "images with the exact ones, and fits how the error falls with the width. With",
            "--steps the first widths are trained too: how far weights and tangent kernel",
            "move, and how far the outputs leave those of the kernel, for several alpha of",
            "lazy training. Plain loops: small images and widths.",
            ""
        })
final class FiniteCommand implements Callable<Integer> {
    private static final long MOST_GRADIENTS = 1L << 31;

    @Spec
    private CommandSpec spec;

    @Option(names = "--arch", paramLabel = "NETWORK", required = true, description = "Text or a .json file.")
    private String arch;

    @Option(
            names = "--data",
            paramLabel = "DIR|sample",
            defaultValue = DataLocation.SAMPLE,
            description = "Where the images are from; default: ${DEFAULT-VALUE}.")
    private String data;

    @Option(names = "--x", paramLabel = "X.npy", description = "Instead: images [N,C,H,W] or [N,D], used as they are.")
    private @Nullable Path x;

    @Option(
            names = "--images",
            paramLabel = "N",
            defaultValue = "4",
            description = "First N training images; default: ${DEFAULT-VALUE}.")
    private int images;

    @Option(
            names = "--crop",
            paramLabel = "S",
            defaultValue = "8",
            description = "The middle S x S pixels of each, 0 for all; default: ${DEFAULT-VALUE}.")
    private int crop;

    @Option(
            names = "--widths",
            paramLabel = "W,W,...",
            split = ",",
            defaultValue = "16,32,64,128",
            description = "Channels behind every layer; default: ${DEFAULT-VALUE}.")
    private List<Integer> widths;

    @Option(
            names = "--draws",
            paramLabel = "D",
            defaultValue = "10",
            description = "Networks of each width; default: ${DEFAULT-VALUE}.")
    private int draws;

    @Option(
            names = "--steps",
            paramLabel = "T",
            defaultValue = "0",
            description = "Steps of gradient descent on targets +1, -1, +1, ...; default: no training.")
    private int steps;

    @Option(
            names = "--alphas",
            paramLabel = "A,A,...",
            split = ",",
            defaultValue = "1,10,100",
            description = "Scales of lazy training; default: ${DEFAULT-VALUE}.")
    private List<Double> alphas;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "1",
            description = "Of the weights; default: ${DEFAULT-VALUE}.")
    private long seed;

    @Mixin
    private ResultOptions result;

    @Override
    public Integer call() {
        checkOptions();
        ImageSet set = images();
        Network network = ArchitectureParser.network(arch, set.shape());
        KernelKind.NTK.requireOf(network);
        double[][] values = new double[set.count()][set.shape().values()];
        for (int image = 0; image < values.length; image++) {
            set.read(image, values[image]);
        }
        List<WidthStudy.Point> points = study(network, values);
        List<LazyTraining.Result> trainings = train(network, values);
        report(network, values.length, points, trainings);
        return ExitCodes.RIGHT.code();
    }

    private void checkOptions() {
        atLeast("--images", images, 1);
        atLeast("--crop", crop, 0);
        atLeast("--draws", draws, 1);
        atLeast("--steps", steps, 0);
        widths.forEach(width -> atLeast("--widths", width, 1));
        for (double alpha : alphas) {
            if (!(alpha > 0 && Double.isFinite(alpha))) {
                throw new InputException("--alphas has " + alpha + ", expected finite numbers above 0");
            }
        }
    }

    private static void atLeast(String option, int value, int least) {
        if (value < least) {
            throw new InputException(option + " is " + value + ", expected at least " + least);
        }
    }

    private ImageSet images() {
        if (x != null) {
            ImageSet set = Npy.readImages(x);
            return cropped(set, Math.min(images, set.count()), 0);
        }
        ImageSet set = DataLocation.read(data)
                .prepare(
                        Preprocessing.of(Normalization.STANDARD),
                        OptionalInt.of(images),
                        OptionalInt.of(1),
                        new ZcaWhitening())
                .train();
        return cropped(set, images, crop);
    }

    /** The middle pixels of the first images. */
    private static ImageSet cropped(ImageSet set, int count, int crop) {
        ImageShape whole = set.shape();
        int height = crop == 0 ? whole.height() : Math.min(crop, whole.height());
        int width = crop == 0 ? whole.width() : Math.min(crop, whole.width());
        ImageShape shape = new ImageShape(whole.channels(), height, width);
        double[] image = new double[whole.values()];
        double[][] parts = new double[count][shape.values()];
        for (int index = 0; index < count; index++) {
            set.read(index, image);
            for (int at = 0; at < shape.values(); at++) {
                int channel = at / (height * width);
                int row = at / width % height + (whole.height() - height) / 2;
                int col = at % width + (whole.width() - width) / 2;
                parts[index][at] = image[(channel * whole.height() + row) * whole.width() + col];
            }
        }
        return ImageSet.ofValues(set.name(), shape, parts);
    }

    private List<WidthStudy.Point> study(Network network, double[][] values) {
        PrintWriter err = spec.commandLine().getErr();
        double[][] nngp = new double[values.length][values.length];
        double[][] ntk = new double[values.length][values.length];
        CntkRecursion recursion = CntkRecursion.of(network);
        for (int row = 0; row < values.length; row++) {
            for (int col = 0; col <= row; col++) {
                KernelPair pair = recursion.evaluate(values[row], values[col]);
                nngp[row][col] = pair.nngp();
                nngp[col][row] = pair.nngp();
                ntk[row][col] = pair.ntk();
                ntk[col][row] = pair.ntk();
            }
        }
        WidthStudy study = new WidthStudy(network, values, nngp, ntk);
        List<WidthStudy.Point> points = new ArrayList<>();
        for (int width : widths) {
            requireHeap(width, network, values.length);
            points.add(study.at(width, draws, seed));
            err.println("cntk: width " + width + " done");
            err.flush();
        }
        return points;
    }

    /** The gradients of all images of as many networks as there are processors, about: 49 width^2 numbers a layer at most. */
    private static void requireHeap(int width, Network network, int images) {
        long weights = (long) width * width * 9 * network.trainedLayers();
        long numbers = weights * images * Runtime.getRuntime().availableProcessors();
        if (numbers * Double.BYTES
                > Math.min(MOST_GRADIENTS * Double.BYTES, Runtime.getRuntime().maxMemory())) {
            throw new InputException("--widths has " + width + ": the gradients of " + images + " images would take "
                    + numbers * Double.BYTES / (1 << 20) + " MiB\nhint: smaller widths or fewer images");
        }
    }

    private List<LazyTraining.Result> train(Network network, double[][] values) {
        List<LazyTraining.Result> results = new ArrayList<>();
        if (steps == 0) {
            return results;
        }
        double[] targets = new double[values.length];
        for (int image = 0; image < targets.length; image++) {
            targets[image] = image % 2 == 0 ? 1 : -1;
        }
        LazyTraining training = new LazyTraining(network, values, targets);
        for (int width : widths) {
            for (double alpha : alphas) {
                results.add(training.train(width, alpha, steps, seed));
            }
        }
        return results;
    }

    private void report(
            Network network, int count, List<WidthStudy.Point> points, List<LazyTraining.Result> trainings) {
        double[] x = points.stream().mapToDouble(WidthStudy.Point::width).toArray();
        double nngp = WidthStudy.slope(
                x, points.stream().mapToDouble(WidthStudy.Point::nngpError).toArray());
        double ntk = WidthStudy.slope(
                x, points.stream().mapToDouble(WidthStudy.Point::ntkError).toArray());
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("network", network.architecture().text());
        fields.put("shape", network.input().toString());
        fields.put("images", count);
        fields.put("draws", draws);
        fields.put("seed", seed);
        fields.put("widths", points);
        fields.put("nngp_slope", ResultOptions.number(nngp));
        fields.put("ntk_slope", ResultOptions.number(ntk));
        fields.put("training", trainings);
        ResultOptions.Lines lines = new ResultOptions.Lines();
        lines.add("network", "%s on %d images of %s", network.architecture().text(), count, network.input());
        lines.add(
                "widths", "%8s %12s %12s %14s %14s", "width", "NNGP error", "NTK error", "NNGP of mean", "NTK of mean");
        for (WidthStudy.Point point : points) {
            lines.add(
                    "",
                    "%8d %12.5f %12.5f %14.5f %14.5f",
                    point.width(),
                    point.nngpError(),
                    point.ntkError(),
                    point.nngpErrorOfMean(),
                    point.ntkErrorOfMean());
        }
        lines.add("slopes", "error ~ width^s: NNGP s = %.2f, NTK s = %.2f; -0.50 expected", nngp, ntk);
        if (!trainings.isEmpty()) {
            lines.add(
                    "training",
                    "%8s %8s %12s %12s %12s %12s",
                    "width",
                    "alpha",
                    "loss",
                    "weights",
                    "kernel",
                    "departure");
        }
        for (LazyTraining.Result one : trainings) {
            lines.add(
                    "",
                    "%8d %8.4g %12.4g %12.4g %12.4g %12.4g",
                    one.width(),
                    one.alpha(),
                    one.loss(),
                    one.weightChange(),
                    one.kernelChange(),
                    one.departure());
        }
        if (result.out != null) {
            OutputFiles files = OutputFiles.in(result.out);
            files.file("widths.csv").ifPresent(file -> writeWidths(file, points));
            fields.put("out", files.place());
        }
        result.print(spec.commandLine().getOut(), spec.commandLine().getErr(), fields, lines, List.of());
    }

    private static void writeWidths(Path file, List<WidthStudy.Point> points) {
        List<String> header =
                List.of("width", "draws", "nngp_error", "ntk_error", "nngp_error_of_mean", "ntk_error_of_mean");
        TableCsv.write(
                file,
                header,
                points.stream()
                        .map(point -> List.of(
                                point.width(),
                                point.draws(),
                                point.nngpError(),
                                point.ntkError(),
                                point.nngpErrorOfMean(),
                                point.ntkErrorOfMean()))
                        .toList());
    }
}

